//! What is typed, and what it must come to.

/// What a case must come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wants {
    /// A mistake beside the field, and everything typed still there.
    Mistake,
    /// The next page.
    Accepted,
}
pub(super) use Wants::{Accepted, Mistake};

/// Characters that are invisible, break lines, or turn the direction of writing.
pub(super) const HIDDEN: [&str; 9] =
    ["\u{1}", "\u{7f}", "\u{85}", "\n", "\r\n", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}"];

pub(super) fn long(count: usize) -> String {
    "a".repeat(count)
}

pub(super) fn organisations() -> Vec<(String, Wants)> {
    let mut cases: Vec<_> =
        ["", " ", "\t", &long(81), &long(10_000)].map(|text| (text.to_owned(), Mistake)).into();
    cases.extend(HIDDEN.map(|hidden| (format!("Ac{hidden}me"), Mistake)));
    let fine = [
        "O'Neil \"& Söhne\"",
        "<script>alert(1)</script>",
        "pg_acme",
        "'; drop table tenant; --",
        "株式会社",
        "${7*7}{{x}}%s",
    ];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

pub(super) fn databases() -> Vec<(String, Wants)> {
    let mut cases: Vec<_> = [
        "",
        " ",
        &long(21),
        &long(10_000),
        "pg_shop",
        "pg_",
        "innkeeper",
        "innkeeper_shop",
        "1shop",
        "_shop",
        "Shop",
        "shop-1",
        "sh op",
        "shöp",
        "ѕhop",
        "sh'op",
        "sh\"op",
        "sh\\op",
        "shop;drop database postgres",
        "../etc",
        "sh/op",
        "$shop",
        "%s",
    ]
    .map(|text| (text.to_owned(), Mistake))
    .into();
    cases.extend(HIDDEN.map(|hidden| (format!("sh{hidden}op"), Mistake)));
    let fine = ["a", "template1", "postgres", "all", "samerole", "public", &long(20)];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

pub(super) fn addresses() -> Vec<(String, Wants)> {
    let many = |count: u32| {
        (0..count).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect::<Vec<_>>().join("\r\n")
    };
    let mut cases: Vec<_> = [
        "",
        " \r\n ",
        "nowhere",
        "300.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "0x7f.0.0.1",
        "2130706433",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1/8",
        "0.0.0.0/0",
        "::/0",
        "::ffff:0.0.0.0/96",
        "2001:db8::1/32",
        "2001:db8::/129",
        ":::1",
        "2001:db8::g",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "1.2.3.4 1.2.3.5",
        "1.2.3.4,1.2.3.5",
        "1.2.3.4;1.2.3.5",
        "127.0.0.1\r\nnowhere",
        "all",
        "samehost",
        "+innkeeper_tenants",
        "127.0.0.1/32 trust",
        "127.0.0.1 # mine",
        "127.0.0.1'",
        "127.0.0.1\"",
        "localhost",
        "*",
        "10.0.0.0/8\trust",
        &many(51),
        &long(5000),
        &many(3000),
    ]
    .map(|text| (text.to_owned(), Mistake))
    .into();
    // A real line end is what parts the lines of this field.
    let hidden = HIDDEN.into_iter().filter(|hidden| !hidden.ends_with('\n'));
    cases.extend(hidden.map(|hidden| (format!("127.0.0.1{hidden}"), Mistake)));
    let fine = [
        "2001:db8::/32",
        "10.0.0.0/8",
        "  127.0.0.1  ",
        "127.0.0.1\r\n\r\n127.0.0.1\n",
        "::ffff:203.0.113.7",
        "2001:DB8::1",
        &many(50),
    ];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

pub(super) fn choices(known: &str) -> Vec<(String, Wants)> {
    let unknown = ["", " ", "unknown", "'", "\"", "pg_", &long(10_000), "\u{202e}", "\u{1}", "a\nb"];
    let mut cases: Vec<_> = unknown.map(|text| (text.to_owned(), Mistake)).into();
    cases.extend(
        [known.to_uppercase(), format!("{known} "), format!("{known}\n")].map(|text| (text, Mistake)),
    );
    cases
}
