//! For load balancers and monitors: whether the portal can do its work.

use super::AppState;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

/// GET /health: 200 while the control database can be written, with the seconds since each periodic work last succeeded.
/// Says what is wrong and nothing of how it is reached.
pub(super) async fn answer(State(state): State<AppState>) -> Response {
    // On its own, so that no client who leaves has the next one try again at once.
    let ages = state.service.last_runs.ages().into_iter();
    let ages: BTreeMap<_, _> = ages.map(|(work, age)| (work, age.as_secs())).collect();
    let (asked, pool) = (state.health, state.service.store.pool);
    let found = tokio::spawn(async move { asked.ask(&pool).await }).await;
    let error = match found {
        Ok(Ok(())) => return Json(json!({ "status": "ok", "seconds_since_last_run": ages })).into_response(),
        Ok(Err(what)) => what,
        // It panicked, which is in the log.
        Err(_) => "the portal cannot say how it is",
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "down", "error": error }))).into_response()
}

/// GET /ca.crt: the certificate by which customers check their server. No secret.
pub(super) async fn ca_certificate(State(state): State<AppState>) -> Response {
    let kind = [
        (http::header::CONTENT_TYPE, "application/x-pem-file"),
        (http::header::CONTENT_DISPOSITION, "attachment; filename=\"ca.crt\""),
    ];
    (kind, state.site.ca_certificate.clone()).into_response()
}
