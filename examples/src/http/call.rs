//! Update calls: asynchronous (version 2) and synchronous (versions 3 and 4).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path as Url, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ic_types::codec::Wire as _;
use ic_types::{AsyncCallAnswer, Call, Envelope, Reject, RequestId, SyncCallAnswer};

use super::effective::Addressed;
use super::{Refusal, answer, body, effective};
use crate::clock;
use crate::member::Member;

/// How long a synchronous call waits for its outcome before it says "accepted" (HTTP-145, LIM-089).
const PATIENCE: Duration = Duration::from_secs(10);

/// `POST /api/v2/canister/<id>/call`: 202 if the call was taken, 200 if the canister does not want it.
pub(super) async fn asynchronous(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let answer = match submit(&member, &id, &headers, body).await? {
        Ok(_) => AsyncCallAnswer::Accepted,
        Err(reject) => AsyncCallAnswer::Rejected(reject),
    };
    answer::with_status(answer.http_status(), answer.encode())
}

/// `POST /api/v3/canister/<id>/call` and version 4: 200 and a certificate of the outcome, whatever it is.
///
/// The versions differ in the delegation of the certificate only, and the certificates of a root subnet have none.
pub(super) async fn synchronous(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let answer = match submit(&member, &id, &headers, body).await? {
        Ok(id) => match tokio::time::timeout(PATIENCE, member.outcome(id)).await {
            Ok(certificate) => SyncCallAnswer::Certified {
                certificate: certificate?.encode(),
            },
            Err(_too_long) => SyncCallAnswer::Accepted,
        },
        Err(reject) => SyncCallAnswer::Rejected(reject),
    };
    answer::with_status(answer.http_status(), answer.encode())
}

/// Takes a call to the node, and tells the others of it.
async fn submit(
    member: &Member,
    id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Result<RequestId, Reject>, Refusal> {
    let at = effective::parse(id)?;
    let body = body::read(headers, body).await?;
    let envelope = Envelope::<Call>::decode(&body).map_err(|error| {
        Refusal::bad_request(format!("Could not parse body as call message: {error}"))
    })?;
    let Call {
        canister,
        method,
        argument,
        ..
    } = &envelope.content;
    effective::check(
        &Addressed {
            canister,
            method,
            argument,
        },
        at,
        |id| member.hosts(id),
    )?;
    let call = member.authenticate(envelope, clock::wall())?;
    let certified = member.certified().ok_or_else(Refusal::nothing_certified)?;
    let executor = Arc::clone(&member.executor);
    // The canister is asked whether it wants the call, and may take its time.
    let inspection = tokio::task::spawn_blocking(move || {
        executor
            .inspect(&certified.state, call.content())
            .map(|()| call)
    });
    let call = match inspection
        .await
        .map_err(|error| Refusal::internal(error.to_string()))?
    {
        Ok(call) => call,
        Err(refusal) => return Ok(Err(answer::reject(refusal))),
    };
    let id = member
        .visit(move |node, now| node.pool(call, now))
        .await??;
    member.tell_others(body.into());
    Ok(Ok(id))
}
