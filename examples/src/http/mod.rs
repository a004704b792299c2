//! The HTTP interface of the specification over one node of a subnet (HTTP-001 to HTTP-004, HTTP-006 to HTTP-011). Calls and
//! queries that are addressed to a subnet, not to a canister, are not there (HTTP-005, HTTP-012).
//!
//! Handlers parse, ask the node on its own thread, and say what came of it; no protocol rule is decided here but the
//! ones about URLs and paths ([`effective`], [`permitted`]).

mod answer;
mod body;
mod call;
pub mod effective;
pub mod permitted;
mod query;
mod read_state;
mod refusal;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;

pub use body::LONGEST as LONGEST_BODY;
pub use refusal::Refusal;

use crate::member::Member;

/// The routes of the interface, answered by `member`.
pub fn router(member: Arc<Member>) -> Router {
    Router::new()
        .route("/api/v2/status", get(status::status))
        .route("/api/v2/canister/{id}/call", post(call::asynchronous))
        .route("/api/v3/canister/{id}/call", post(call::synchronous))
        .route("/api/v4/canister/{id}/call", post(call::synchronous))
        .route("/api/v2/canister/{id}/query", post(query::canister))
        .route("/api/v3/canister/{id}/query", post(query::canister))
        .route(
            "/api/v2/canister/{id}/read_state",
            post(read_state::canister_v2),
        )
        .route(
            "/api/v3/canister/{id}/read_state",
            post(read_state::canister_v3),
        )
        .route(
            "/api/v2/subnet/{id}/read_state",
            post(read_state::subnet_v2),
        )
        .route(
            "/api/v3/subnet/{id}/read_state",
            post(read_state::subnet_v3),
        )
        .layer(middleware::map_response(open_to_browsers))
        .with_state(member)
}

/// Serves the interface until the listener fails.
///
/// # Errors
/// What the operating system says about the listener.
pub async fn serve(listener: TcpListener, member: Arc<Member>) -> std::io::Result<()> {
    axum::serve(listener, router(member)).await
}

/// Pages from anywhere may ask: what matters is signed, and nothing here knows cookies.
async fn open_to_browsers(mut response: Response) -> Response {
    response.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    response
}
