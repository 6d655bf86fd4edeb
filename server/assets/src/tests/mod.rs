//! What is served is complete, small, well formed and readable.

mod contrast;
mod files;
#[path = "../../build/text.rs"]
mod text;
mod text_cases;

use crate::Asset;

fn asset(name: &str) -> &'static Asset {
    crate::find(crate::url(name)).expect("url() names only what find() knows")
}

fn as_text(name: &str) -> &'static str {
    std::str::from_utf8(asset(name).identity).expect("text assets are UTF-8")
}
