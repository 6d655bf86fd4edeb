//! The token by which a form shows that it comes from a page of this session. That the browser does not say it comes
//! from another site is looked at for every request, by a layer of the router.

use super::{context::RequestCx, form_body, problem::Problem};

/// Whether the form is readable text and carries the session's token.
pub(super) fn check(request: &RequestCx, body: &[u8]) -> Result<(), Problem> {
    if !form_body::is_text(body) {
        return Err(Problem::BAD_REQUEST);
    }
    match (form_body::field(body, "csrf"), request.cx.csrf.get()) {
        // Hashes compare in constant time.
        (Some(sent), Some(kept)) if blake3::hash(sent.as_bytes()) == blake3::hash(kept.as_bytes()) => Ok(()),
        _ => Err(Problem::FORBIDDEN),
    }
}
