//! Queries: one node answers, and signs what it says (HTTP-149 to HTTP-152).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path as Url, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ic_certification::paths;
use ic_types::codec::Wire as _;
use ic_types::{Content as _, Envelope, NodeSignature, Query, QueryOutcome, QueryResponse};
use ic_wasm_runtime::executor::{Effective, effective_canister};

use super::effective::Addressed;
use super::{Refusal, answer, body, effective};
use crate::clock;
use crate::member::Member;

/// `POST /api/v2/canister/<id>/query` and version 3.
pub(super) async fn canister(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let at = effective::parse(&id)?;
    let body = body::read(&headers, body).await?;
    let envelope = Envelope::<Query>::decode(&body).map_err(|error| {
        Refusal::bad_request(format!("Could not parse body as query message: {error}"))
    })?;
    let Query {
        canister,
        method,
        argument,
        ..
    } = &envelope.content;
    // A query that has no target is rejected by the system, with a reason that says more.
    let target = effective_canister(canister, method, argument).unwrap_or(Effective::Any);
    effective::check(
        &Addressed {
            canister,
            method,
            argument,
        },
        at,
        |id| member.hosts(id),
    )?;
    let id = envelope.content.id();
    let timestamp = clock::wall();
    let query = member.authenticate(envelope, timestamp)?;
    if let Effective::Canister(target) = target
        && !query.permits(target)
    {
        // For queries of the management canister the target is in the argument (HTTP-086).
        return Err(Refusal::forbidden(format!(
            "The delegations do not permit canister {target}."
        )));
    }
    let query = query.into_envelope().content;
    let certified = member.certified().ok_or_else(Refusal::nothing_certified)?;
    let executor = Arc::clone(&member.executor);
    // Canisters may take their time, and others are waiting.
    let evaluation = tokio::task::spawn_blocking(move || {
        let shown = [
            paths::time(),
            paths::canister::certified_data(query.canister),
        ];
        let certificate = certified.certificate(&shown).encode();
        executor.query(&certified.state, &query, Some(&certificate))
    });
    let outcome = match evaluation
        .await
        .map_err(|error| Refusal::internal(error.to_string()))?
    {
        Ok(argument) => QueryOutcome::Replied { argument },
        Err(refusal) => QueryOutcome::Rejected(answer::reject(refusal)),
    };
    let signature = member.signer.sign(&outcome.hash(&id, timestamp));
    let signatures = vec![NodeSignature {
        timestamp,
        signature: signature.to_bytes().to_vec(),
        identity: member.node,
    }];
    Ok(answer::cbor(
        QueryResponse {
            outcome,
            signatures,
        }
        .encode(),
    ))
}
