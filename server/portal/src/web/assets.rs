//! Compiled-in files, in the variant the browser likes best.

use super::problem::Problem;
use axum::{
    body::Body,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Uri, header};
use innkeeper_assets::Asset;

/// GET /assets/*: the name holds the hash of the content, so it never changes.
pub(super) async fn asset(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = innkeeper_assets::find(uri.path()).ok_or(Problem::NOT_FOUND)?;
    let (bytes, encoding) = variant(asset, &headers);
    let mut answer = Body::from(bytes).into_response();
    let set = answer.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime));
    set.insert(header::CONTENT_LENGTH, bytes.len().into());
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(answer)
}

/// GET /favicon.ico: browsers ask for it where a page names no icon.
pub(super) async fn favicon() -> Redirect {
    Redirect::permanent(innkeeper_assets::url("favicon.svg"))
}

fn variant(asset: &Asset, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
    match (asset.br, asset.gzip) {
        (Some(bytes), _) if accepts(headers, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if accepts(headers, "gzip") => (bytes, Some("gzip")),
        _ => (asset.identity, None),
    }
}

/// Whether a content coding is named without being refused (RFC 9110, section 12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let zero =
            weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        name.trim().eq_ignore_ascii_case(coding) && !zero
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        [(header::ACCEPT_ENCODING, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn codings_are_accepted_by_name_and_weight() {
        assert!(accepts(&accepting("gzip, deflate, br"), "br"));
        assert!(accepts(&accepting("gzip;q=0.5, BR;q=0.1"), "br"));
        assert!(!accepts(&accepting("gzip, br;q=0"), "br"));
        assert!(!accepts(&accepting("brotli"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[tokio::test]
    async fn the_best_variant_is_sent_and_may_be_kept_for_ever() {
        let path = innkeeper_assets::url("main.css");
        let br = asset(Uri::from_static(path), accepting("gzip, br")).await.unwrap();
        assert_eq!(br.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(br.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let plain = asset(Uri::from_static(path), HeaderMap::new()).await.unwrap();
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(plain.headers()[header::VARY], "accept-encoding");
        assert!(asset(Uri::from_static("/assets/../Cargo.toml"), HeaderMap::new()).await.is_err());
    }
}
