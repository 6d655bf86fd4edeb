//! The table of files: names, variants, sizes, references.

use std::{collections::BTreeSet, io::Read as _};

use super::{as_text, asset};

#[test]
fn the_names_that_pages_use_are_there() {
    let names: Vec<_> = crate::names().collect();
    assert_eq!(
        names,
        [
            "enhance.js",
            "favicon.svg",
            "fonts/inter-LICENSE.txt",
            "fonts/inter.woff2",
            "fonts/lucide-LICENSE.txt",
            "fonts/mono-LICENSE.txt",
            "fonts/mono.woff2",
            "icons.svg",
            "main.css",
            "passkey.js",
        ]
    );
}

#[test]
fn every_url_resolves_to_its_own_file_with_a_hash_of_its_content() {
    let mut paths = BTreeSet::new();
    for name in crate::names() {
        let url = crate::url(name);
        let found = crate::find(url).expect("url() names only what find() knows");
        assert_eq!(found.path, url);
        assert!(paths.insert(url), "{url} is used twice");
        let [stem, hash, ext] = url.strip_prefix("/assets/").unwrap().split('.').collect::<Vec<_>>()[..]
        else {
            panic!("{url} is not /assets/stem.hash.ext")
        };
        assert_eq!(name.rsplit('/').next().unwrap(), format!("{stem}.{ext}"));
        assert!(hash.len() == 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{url}");
    }
}

#[test]
fn other_paths_find_nothing() {
    for path in ["", "/", "/assets/", "/assets/main.css", "main.css", "/assets/main.0000000000000000.css"] {
        assert!(crate::find(path).is_none(), "{path}");
    }
}

#[test]
#[should_panic(expected = "no asset is called \"nothing.css\"; there are: enhance.js, ")]
fn an_unknown_name_panics_and_says_what_there_is() {
    crate::url("nothing.css");
}

#[test]
fn variants_unpack_to_the_same_bytes_and_are_smaller() {
    for name in crate::names() {
        let asset = asset(name);
        if let Some(br) = asset.br {
            let mut plain = Vec::new();
            brotli::Decompressor::new(br, 4096).read_to_end(&mut plain).unwrap();
            assert!(plain == asset.identity && br.len() < plain.len(), "{name}");
        }
        if let Some(gzip) = asset.gzip {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(gzip).read_to_end(&mut plain).unwrap();
            assert!(plain == asset.identity && gzip.len() < plain.len(), "{name}");
        }
        let packed = (asset.br.is_some(), asset.gzip.is_some());
        assert_eq!(packed, (!name.ends_with("woff2"), !name.ends_with("woff2")), "{name}");
    }
}

/// Limits of the first visit: 8 KB of CSS and 3 KB of script, gzip.
#[test]
fn stylesheet_and_script_are_small() {
    for (name, limit) in [("main.css", 8192), ("enhance.js", 3072)] {
        let size = asset(name).gzip.unwrap().len();
        assert!(size <= limit, "{name} has {size} bytes gzip, the limit is {limit}");
    }
}

#[test]
fn the_stylesheet_is_one_whole_without_comments() {
    let css = as_text("main.css");
    assert!(!css.contains("/*") && !css.contains('\n') && !css.contains("@import"));
    let mut depth = 0_i32;
    for c in css.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        assert!(depth >= 0, "a brace closes what was not opened");
    }
    assert_eq!(depth, 0, "a brace is not closed");
}

#[test]
fn the_stylesheet_loads_only_what_is_served() {
    let css = as_text("main.css");
    let urls: Vec<_> = css.split("url(").skip(1).map(|part| part.split(')').next().unwrap()).collect();
    assert_eq!(urls, [crate::url("fonts/inter.woff2"), crate::url("fonts/mono.woff2")]);
}

/// A colour whose token was renamed would silently fall back to nothing.
#[test]
fn every_custom_property_that_is_used_is_defined() {
    let css = as_text("main.css");
    for part in css.split("var(").skip(1) {
        let name = part.split([')', ',']).next().unwrap();
        assert!(css.contains(&format!("{name}:")), "{name} is used, but never set");
    }
}

#[test]
fn the_scripts_need_nothing_that_the_policy_forbids() {
    for script in ["enhance.js", "passkey.js"] {
        let js = as_text(script);
        for word in [
            "eval(",
            "Function(",
            "innerHTML",
            "insertAdjacentHTML",
            "document.write",
            ".style",
            "http:",
            "https:",
        ] {
            assert!(!js.contains(word), "{word} in {script}");
        }
    }
}

#[test]
fn the_icons_that_pages_use_are_there_once() {
    let svg = as_text("icons.svg");
    let mut ids: Vec<_> =
        svg.split("<symbol id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an icon is there twice");
    for id in "arrow-right brand check chevron-down chevron-right circle-alert circle-check clock copy database \
               download eye globe info key-round list loader-circle lock-keyhole lock-keyhole-open log-out mail \
               plug plus refresh-cw rotate-ccw search server shield-check timer triangle-alert user x"
        .split_whitespace()
    {
        assert!(ids.contains(&id), "{id}");
    }
    assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
}
