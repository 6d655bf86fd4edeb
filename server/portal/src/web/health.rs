use super::AppState;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::json;
use sqlx::Connection as _;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(2);

/// GET /health: 200 while the control database answers. Says what is down and nothing of how it is reached.
pub(super) async fn health(State(state): State<AppState>) -> Response {
    let ask = async { state.service.pool.acquire().await?.ping().await };
    let error = match tokio::time::timeout(DEADLINE, ask).await {
        Ok(Ok(())) => return Json(json!({ "status": "ok" })).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the control database does not answer");
            "the control database does not answer".to_owned()
        }
        Err(_) => format!("the control database did not answer within {} s", DEADLINE.as_secs()),
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
