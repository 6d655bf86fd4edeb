//! Reads mails back that [`super::render`] wrote, for the local mailbox. Knows what stands in those, no more.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A mail or one of its parts: headers in order with unfolded, undecoded values, and the body as it stands.
pub(super) struct Entity<'a> {
    headers: Vec<(&'a str, String)>,
    body: &'a str,
}

impl<'a> Entity<'a> {
    /// Splits headers and body (RFC 5322, section 2.2). None where a header has no name.
    pub fn parse(raw: &'a str) -> Option<Self> {
        let (head, body) = match raw.strip_prefix("\r\n") {
            Some(body) => ("", body),
            None => raw.split_once("\r\n\r\n")?,
        };
        let mut headers: Vec<(&str, String)> = Vec::new();
        for line in head.split("\r\n").filter(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                headers.last_mut()?.1.push_str(line);
            } else {
                let (name, value) = line.split_once(':')?;
                headers.push((name, value.trim_start().to_owned()));
            }
        }
        Some(Self { headers, body })
    }

    /// The values of all headers of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The first value of a header, decoded; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        decode_words(self.all(name).next().unwrap_or_default())
    }

    /// The parts of a multipart mail (RFC 2046, section 5.1).
    pub fn parts(&self) -> Option<Vec<Entity<'a>>> {
        let kind = self.header("Content-Type");
        let boundary = kind.split_once("boundary=\"")?.1.split('"').next()?;
        let mark = format!("--{boundary}");
        let (inside, _) = self.body.split_once(&format!("{mark}--"))?;
        inside
            .split(&format!("{mark}\r\n"))
            .skip(1)
            .map(|part| Self::parse(part.strip_suffix("\r\n").unwrap_or(part)))
            .collect()
    }

    /// The decoded body of the part of this type, such as `text/plain`, with plain line ends.
    pub fn text(&self, kind: &str) -> Option<String> {
        let parts = self.parts()?;
        let part = parts.iter().find(|part| part.header("Content-Type").starts_with(kind))?;
        let text = match &*part.header("Content-Transfer-Encoding") {
            "7bit" | "8bit" => part.body.to_owned(),
            "quoted-printable" => decode_quoted(part.body.as_bytes()),
            _ => return None,
        };
        Some(text.replace("\r\n", "\n"))
    }
}

/// Decodes the encoded words of a header (RFC 2047, base64 in UTF-8). Blanks between two of them go.
fn decode_words(value: &str) -> String {
    let mut out = Vec::new();
    let mut after_word = false;
    for token in value.split_inclusive(' ') {
        let word = token.trim_end_matches(' ');
        let decoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|rest| rest.strip_suffix("?="))
            .and_then(|text| STANDARD.decode(text).ok());
        if let Some(bytes) = decoded {
            if after_word && out.last() == Some(&b' ') {
                out.pop();
            }
            out.extend(bytes);
            out.extend(token[word.len()..].bytes());
            after_word = true;
        } else {
            out.extend(token.bytes());
            after_word &= word.is_empty();
        }
    }
    String::from_utf8_lossy(&out).trim_end().to_owned()
}

/// Decodes quoted-printable (RFC 2045, section 6.7).
fn decode_quoted(mut text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        text = rest;
        if *first != b'=' {
            out.push(*first);
        } else if let Some(joined) = rest.strip_prefix(b"\r\n") {
            text = joined;
        } else if let Some(byte) = rest.get(..2).and_then(|digits| hex::decode(digits).ok()) {
            out.extend(byte);
            text = &rest[2..];
        } else {
            out.push(b'=');
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_unfolded_and_decoded() {
        let mail = Entity::parse(
            "To: a@b.example\r\nSubject: =?utf-8?b?xbw=?=\r\n =?utf-8?b?w7M=?= and more\r\n\r\nhi",
        )
        .unwrap();
        assert_eq!(mail.header("subject"), "żó and more");
        assert_eq!(mail.all("TO").collect::<Vec<_>>(), ["a@b.example"]);
        assert_eq!((mail.header("Cc"), mail.body), (String::new(), "hi"));
    }

    #[test]
    fn quoted_printable_is_decoded() {
        assert_eq!(decode_quoted(b"a=3Db=\r\nc =C3=A9\r\n=4"), "a=bc é\r\n=4");
    }

    #[test]
    fn what_is_no_mail_is_none() {
        for bad in ["", "no header", "name\r\n\r\n", " folded\r\n\r\n"] {
            assert!(Entity::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Entity::parse("Subject: a\r\n\r\nb").unwrap().text("text/plain").is_none());
    }
}
