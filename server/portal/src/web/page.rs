use super::{
    AppState,
    context::RequestCx,
    fresh_id::is_id,
    problem::{Problem, answer, see_other},
};
use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use http::Method;
use innkeeper_app::{shell::shell, web::PageEnd};
use innkeeper_service::people::{refused_forms, session};
use leptos::prelude::*;
use std::{pin::Pin, sync::PoisonError};

/// GET: every page, rendered whole before the first byte is sent.
pub(super) async fn page(
    State(state): State<AppState>,
    RequestCx { mut cx, browser }: RequestCx,
    request: Request,
) -> Result<Response, Problem> {
    // Not for HEAD, which axum leads here as well: these are shown once.
    if let (&Method::GET, Some(id)) = (request.method(), cx.requester.known_session()) {
        cx.flash = session::take_flash(&state.service, id).await?;
        let form = cx.asked("form");
        if is_id(&form) {
            let kept = refused_forms::take(&state.service, id, &form).await?;
            // A row of an older portal that no longer fits is no form.
            cx.form = kept.and_then(|kept| serde_json::from_value(kept).ok());
        }
    }
    let known = cx.csrf.get().is_some();
    let given = cx.clone();
    let provide = move || {
        provide_context(given.clone());
        if let Some(shared) = Owner::current_shared_context() {
            shared.set_is_hydrating(false);
        }
    };
    let rendered =
        leptos_axum::handle_response_inner(provide, shell, request, |app, _chunks, _out_of_order| {
            Box::pin(async move {
                let html = app.to_html_stream_in_order().collect::<String>().await;
                // Marks for a browser that would go on from here, of which there is none.
                let html = html.replace("<!>", "").replace("<!--<() />-->", "").replace("<!--HEAD-->", "");
                Box::pin(stream::once(async move { html }))
                    as Pin<Box<dyn futures::Stream<Item = String> + Send>>
            })
        })
        .await;
    let end = cx.end.lock().unwrap_or_else(PoisonError::into_inner).take();
    match end {
        None => {}
        Some(PageEnd::Redirect(to)) => return Ok(see_other(to)),
        Some(PageEnd::NotFound) => return Err(Problem::NOT_FOUND),
        Some(PageEnd::Problem(error)) => return Ok(answer(error, &cx.path)),
    }
    if let (false, Some(token)) = (known, cx.csrf.get())
        && !browser.is_given_up().await?
    {
        browser.keep_token(token).await?;
    }
    Ok(rendered.into_response())
}
