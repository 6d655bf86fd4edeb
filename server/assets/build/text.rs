//! Small, safe text work of the build: CSS and JavaScript without comments and needless blanks, and
//! CSS `url("…")` pointing at the hashed names.

/// CSS without comments, line breaks and the blanks that mean nothing.
///
/// Strings are left alone. A blank that could matter stays: between words, around `+`, `-`, `*` and
/// `/` (calc), before `:` (`a :hover` is not `a:hover`), before `(` (`and (`) and after `)`.
pub fn minify_css(css: &str) -> Result<String, String> {
    let mut out = String::with_capacity(css.len());
    let mut blank = false;
    let mut rest = css;
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or("a comment is not closed")?;
            rest = &comment[end + 2..];
            blank = true;
            continue;
        }
        if c.is_ascii_whitespace() {
            rest = &rest[1..];
            blank = true;
            continue;
        }
        let len = if matches!(c, '"' | '\'') { string_len(rest, c)? } else { c.len_utf8() };
        if blank && !out.is_empty() && !out.ends_with(joins_after) && !joins_before(c) {
            out.push(' ');
        }
        if c == '}' && out.ends_with(';') {
            out.pop();
        }
        out.push_str(&rest[..len]);
        rest = &rest[len..];
        blank = false;
    }
    Ok(out)
}

/// No blank is needed after this character.
fn joins_after(c: char) -> bool {
    matches!(c, '{' | '}' | ';' | ',' | ':' | '>' | '(' | '[')
}

/// No blank is needed before this character.
fn joins_before(c: char) -> bool {
    matches!(c, '{' | '}' | ';' | ',' | '>' | ')' | ']' | '!')
}

/// Bytes of the string literal that `text` starts with, both quotes included.
fn string_len(text: &str, quote: char) -> Result<usize, String> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err(format!("a string is not closed: {}", text.lines().next().unwrap_or_default()))
}

/// CSS with every `url("name")` replaced by what `resolve` says; a name it does not know is an error,
/// since the content security policy would block it.
pub fn rewrite_urls(css: &str, resolve: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = css.split("url(");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(')').ok_or("url( is not closed")?;
        let name = name.trim_matches(['"', '\'']);
        let url = resolve(name).ok_or_else(|| format!("url({name}) names no file of public/"))?;
        out.push_str("url(");
        out.push_str(&url);
        out.push(')');
        out.push_str(rest);
    }
    Ok(out)
}

/// JavaScript without whole-line comments, indentation and empty lines. Refuses template literals,
/// whose lines would lose their indentation too.
pub fn minify_js(js: &str) -> Result<String, String> {
    if js.contains(['`']) {
        return Err("template literals are not supported here: join strings with +".to_owned());
    }
    let lines = js.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    Ok(lines.fold(String::with_capacity(js.len()), |mut out, line| {
        out.push_str(line);
        out.push('\n');
        out
    }))
}
