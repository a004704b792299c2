//! `GET /api/v2/status` (HTTP-190, HTTP-191).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use ic_types::codec::Wire as _;
use ic_types::{Height, Status};

use super::answer;
use crate::member::Member;

/// The root key, so that agents of a development network can start from nothing, and how high the chain is.
pub(super) async fn status(State(member): State<Arc<Member>>) -> Response {
    let certified_height = member.certified_height();
    let health = if certified_height.is_some() {
        "healthy"
    } else {
        "waiting_for_certified_state"
    };
    let status = Status {
        root_key: Some(member.root_key.clone()),
        impl_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        replica_health_status: Some(health.to_owned()),
        certified_height: certified_height.map(Height::get),
        ..Status::default()
    };
    answer::cbor(status.encode())
}
