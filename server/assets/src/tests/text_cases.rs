//! The text work of the build script, which would otherwise be tested by its results alone.

use super::text::{minify_css, minify_js, rewrite_urls};

#[test]
fn css_loses_comments_and_needless_blanks_only() {
    for (css, short) in [
        ("a { color : red ; }\n", "a{color :red}"),
        ("/* x */ a /* y */ b { }", "a b{}"),
        ("a :hover, a:hover > b { top: 0; }", "a :hover,a:hover>b{top:0}"),
        (
            "@media (max-width: 60rem) and (pointer: coarse) { a {} }",
            "@media (max-width:60rem) and (pointer:coarse){a{}}",
        ),
        ("a { width: calc( 100% - (2px + 1em) ); }", "a{width:calc(100% - (2px + 1em))}"),
        ("a { display: none !important; }", "a{display:none!important}"),
        (":is(a) :not(b) [c = \"d  ; }\"] {}", ":is(a) :not(b) [c = \"d  ; }\"]{}"),
        ("a::before { content: \"/* no */ \\\" \"; }", "a::before{content:\"/* no */ \\\" \"}"),
        ("& + & { margin: -1px 0 }", "& + &{margin:-1px 0}"),
        ("li.done::before { content: \"✓\"; }", "li.done::before{content:\"✓\"}"),
    ] {
        assert_eq!(minify_css(css).unwrap(), short);
    }
}

#[test]
fn broken_css_is_refused() {
    assert!(minify_css("a {} /* open").unwrap_err().contains("comment"));
    assert!(minify_css("a { content: \"open\n }").unwrap_err().contains("string"));
    assert!(minify_css("a { content: 'open").unwrap_err().contains("string"));
}

#[test]
fn urls_get_the_hashed_name_or_fail() {
    let known = |name: &str| (name == "fonts/a.woff2").then(|| "/assets/a.1.woff2".to_owned());
    let css = r#"@font-face{src:url("fonts/a.woff2") format("woff2"),url('fonts/a.woff2')}"#;
    let new = r#"@font-face{src:url(/assets/a.1.woff2) format("woff2"),url(/assets/a.1.woff2)}"#;
    assert_eq!(rewrite_urls(css, known).unwrap(), new);
    assert_eq!(rewrite_urls("a{}", known).unwrap(), "a{}");
    for bad in [r#"a{b:url("fonts/b.woff2")}"#, "a{b:url(data:image/png;base64,AA)}", "a{b:url("] {
        assert!(rewrite_urls(bad, known).is_err(), "{bad}");
    }
}

#[test]
fn scripts_lose_comment_lines_and_indentation_only() {
    let js = "// a\nconst x = \"//\"; // b\n\n  if (x) {\n    y();\n  }\n";
    assert_eq!(minify_js(js).unwrap(), "const x = \"//\"; // b\nif (x) {\ny();\n}\n");
    assert!(minify_js("const x = `\n  y`;").is_err());
}
