use super::{
    AppState,
    context::RequestCx,
    csrf,
    problem::{Problem, answer, see_other, sign_in},
    rate_limit,
};
use axum::{
    body::Body,
    extract::{Path, RawForm, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use innkeeper_domain::routes::Page;
use innkeeper_service::{Error, tenants::handoff};

/// POST /t/{name}/handoff/bundle: the credentials as a zip. A handler of its own, because a server function answers
/// with where to go next.
pub(super) async fn bundle(
    State(state): State<AppState>,
    Path(name): Path<String>,
    request: RequestCx,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    rate_limit::count(&request).await?;
    let page = Page::Handoff((&name).into()).to_string();
    if request.cx.requester.account.is_none() {
        return Ok(sign_in(&page));
    }
    csrf::check(&request, &body)?;
    let bundle = match handoff::bundle(&state.service, &request.cx.requester, &name).await {
        Ok(bundle) => bundle,
        // No longer open here: the page says how it stands.
        Err(Error::Conflict) => return Ok(see_other(&page)),
        Err(error) => return Ok(answer(error, &page)),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let file: String = bundle.file_name.chars().filter(|c| plain(*c)).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file}\""))
        .expect("letters, digits and three signs are fit for a header");
    // Wiped once it was sent.
    let mut answer = Body::from(Bytes::from_owner(bundle.bytes)).into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(answer)
}
