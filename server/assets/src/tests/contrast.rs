//! Contrast of the design tokens for every brand hue, in both themes (WCAG 2.2: 1.4.3 text 4.5:1,
//! 1.4.11 edges of fields 3:1). The tokens are read from `style/tokens.css`.

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../../../style/tokens.css");

/// Text and the ground it is printed on in some component.
const TEXT: &[(&str, &[&str])] = &[
    (
        "ink",
        &["bg", "surface", "raised", "sunken", "hover", "ok-soft", "warn-soft", "bad-soft", "accent-soft"],
    ),
    ("ink-2", &["bg", "surface", "raised", "sunken", "hover", "mute-soft"]),
    ("ink-2", &["ok-soft", "warn-soft", "bad-soft", "accent-soft"]),
    ("ink-3", &["bg", "surface", "raised", "sunken", "hover"]),
    ("accent", &["bg", "surface", "raised", "sunken", "hover", "accent-soft"]),
    ("ok", &["ok-soft", "surface", "bg"]),
    ("warn", &["warn-soft", "surface", "bg"]),
    ("bad", &["bad-soft", "surface", "bg", "hover"]),
    ("on-action", &["action", "action-hover"]),
];

/// Edges that show where a field or a choice is, and shapes that carry meaning.
const EDGES: &[(&str, &[&str])] =
    &[("line-strong", &["surface", "bg"]), ("accent", &["surface", "bg"]), ("bad", &["surface"])];

/// Lightness, chroma, hue in degrees; no hue means the brand's.
#[derive(Clone, Copy)]
struct Oklch(f64, f64, Option<f64>);

/// Colours of the light and the dark theme by name.
fn tokens() -> BTreeMap<&'static str, [Oklch; 2]> {
    let declarations = TOKENS.lines().flat_map(|line| line.split(';')).filter_map(|one| {
        let (name, value) = one.trim().strip_prefix("--")?.split_once(':')?;
        Some((name, value.trim().strip_prefix("light-dark(")?.strip_suffix(')')?))
    });
    declarations
        .map(|(name, value)| {
            let colours: Vec<_> = value.split("oklch(").skip(1).map(oklch).collect();
            (
                name,
                colours.try_into().unwrap_or_else(|_| panic!("--{name} is not two oklch() colours: {value}")),
            )
        })
        .collect()
}

fn oklch(text: &str) -> Oklch {
    let mut numbers = text.trim_end_matches([' ', ',', ')']).split_whitespace();
    let mut next = || numbers.next().unwrap_or_else(|| panic!("oklch({text} has fewer than three numbers"));
    let number = |text: &str| text.parse::<f64>().unwrap_or_else(|_| panic!("{text} is not a number"));
    let (lightness, chroma, hue) = (number(next()), number(next()), next());
    Oklch(lightness, chroma, (!hue.starts_with("var(--hue")).then(|| number(hue.trim_end_matches(')'))))
}

/// Relative luminance (WCAG) of the colour as a screen of 8 bits a channel shows it. Source of the
/// matrices: CSS Color 4, section 18 (`OKLab`) and WCAG 2.2 "relative luminance".
fn luminance(Oklch(lightness, chroma, hue): Oklch, brand: f64) -> f64 {
    let (sin, cos) = hue.unwrap_or(brand).to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let cube = |x: f64, y: f64| (lightness + x * a + y * b).powi(3);
    let long = cube(0.396_337_777_4, 0.215_803_757_3);
    let medium = cube(-0.105_561_345_8, -0.063_854_172_8);
    let short = cube(-0.089_484_177_5, -1.291_485_548_0);
    let shown = |linear: f64| {
        let linear = linear.clamp(0.0, 1.0);
        let encoded =
            if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        let seen = (encoded * 255.0).round() / 255.0;
        if seen <= 0.040_45 { seen / 12.92 } else { ((seen + 0.055) / 1.055).powf(2.4) }
    };
    let red = shown(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short);
    let green = shown(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short);
    let blue = shown(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn ratio(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The worst pair of the list over 24 hues in one theme: ratio and where it is.
fn worst(pairs: &[(&str, &[&str])], theme: usize) -> (f64, String) {
    let tokens = tokens();
    let colour = |name: &str| tokens.get(name).unwrap_or_else(|| panic!("no token --{name}"))[theme];
    let mut worst = (f64::INFINITY, String::new());
    for hue in (0..24).map(|step| f64::from(step) * 15.0) {
        for (front, grounds) in pairs {
            for ground in *grounds {
                let found = ratio(luminance(colour(front), hue), luminance(colour(ground), hue));
                if found < worst.0 {
                    worst = (found, format!("--{front} on --{ground} at hue {hue}"));
                }
            }
        }
    }
    worst
}

#[test]
fn the_sum_is_right_for_known_colours() {
    let white = luminance(Oklch(1.0, 0.0, Some(0.0)), 0.0);
    let black = luminance(Oklch(0.0, 0.0, Some(0.0)), 0.0);
    assert!((ratio(white, black) - 21.0).abs() < 1e-9);
    // #005eb8 is oklch(.485 .165 252) on a screen; 6.38:1 on white by the WCAG formula
    let blue = luminance(Oklch(0.485, 0.165, None), 252.0);
    assert!((ratio(white, blue) - 6.38).abs() < 0.01, "{}", ratio(white, blue));
}

#[test]
fn text_reads_at_every_brand_hue() {
    for (theme, name) in [(0, "light"), (1, "dark")] {
        let (ratio, at) = worst(TEXT, theme);
        assert!(ratio >= 4.5, "{name}: {ratio:.2}:1, {at}");
    }
}

#[test]
fn field_edges_are_seen_at_every_brand_hue() {
    for (theme, name) in [(0, "light"), (1, "dark")] {
        let (ratio, at) = worst(EDGES, theme);
        assert!(ratio >= 3.0, "{name}: {ratio:.2}:1, {at}");
    }
}
