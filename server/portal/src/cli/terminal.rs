//! What commands print.

use std::io::{Write as _, stderr, stdout};

/// Writes to standard output. Where nobody reads it any more, there is nobody to tell.
pub fn say(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub fn complain(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}
