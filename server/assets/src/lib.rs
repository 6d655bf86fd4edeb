//! The portal's static files: stylesheet, script, icons and fonts, compiled into the binary.
//!
//! The build script makes them from `style/` and `public/`. Each has the hash of its content in its
//! name, so an answer may be cached for ever (`Cache-Control: public, max-age=31536000, immutable`).
//! This package knows no HTTP: the portal chooses the variant by `Accept-Encoding`.

#[cfg(test)]
mod tests;

/// A compiled-in file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Path on the server with the hash in it, such as `/assets/main.0123456789abcdef.css`.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub mime: &'static str,
    /// The bytes as they are.
    pub identity: &'static [u8],
    /// Brotli (`Content-Encoding: br`), where that is smaller.
    pub br: Option<&'static [u8]>,
    /// Gzip (`Content-Encoding: gzip`), where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The path under which the file called `name` is served: `main.css`, or a file of `public/` by its
/// name there, such as `enhance.js`, `icons.svg`, `favicon.svg`, `fonts/inter.woff2`.
///
/// # Panics
/// When there is no such file: a mistake in the program, which a test of any page shows.
#[track_caller]
pub fn url(name: &str) -> &'static str {
    match ASSETS.iter().find(|(known, _)| *known == name) {
        Some((_, asset)) => asset.path,
        None => panic!("no asset is called {name:?}; there are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// The file served under `path` (the whole path, from `/assets/` on), if there is one. A path with an
/// older hash finds nothing.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().map(|(_, asset)| asset).find(|asset| asset.path == path)
}

/// The names that [`url`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|(name, _)| *name)
}
