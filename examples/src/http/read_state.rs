//! Reading the certified state.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path as Url, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ic_certification::paths;
use ic_crypto::Authenticated;
use ic_types::codec::Wire as _;
use ic_types::{
    CanisterId, Envelope, Path, Principal, ReadState, ReadStateAnswer, RequestId, UserId,
};
use ic_wasm_runtime::ReplicatedState;

use super::permitted::{Asked, Facts, Scope, Version, permit};
use super::{Refusal, answer, body, effective};
use crate::clock;
use crate::member::Member;

pub(super) async fn canister_v2(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    canister(&member, Version::V2, &id, &headers, body).await
}

pub(super) async fn canister_v3(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    canister(&member, Version::V3, &id, &headers, body).await
}

pub(super) async fn subnet_v2(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    subnet(&member, Version::V2, &id, &headers, body).await
}

pub(super) async fn subnet_v3(
    State(member): State<Arc<Member>>,
    Url(id): Url<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    subnet(&member, Version::V3, &id, &headers, body).await
}

async fn canister(
    member: &Member,
    version: Version,
    id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let effective = effective::parse(id)?;
    effective::hosted(effective, |id| member.hosts(id))?;
    read(member, version, Scope::Canister(effective), headers, body).await
}

async fn subnet(
    member: &Member,
    version: Version,
    id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let effective = effective::parse(id)?;
    if effective != member.subnet.principal() {
        return Err(Refusal::bad_request(format!(
            "This is subnet {}, not {effective}.",
            member.subnet
        )));
    }
    read(member, version, Scope::Subnet(effective), headers, body).await
}

async fn read(
    member: &Member,
    version: Version,
    scope: Scope,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = body::read(headers, body).await?;
    let envelope = Envelope::<ReadState>::decode(&body).map_err(|error| {
        Refusal::bad_request(format!("Could not parse body as read request: {error}"))
    })?;
    let request = member.authenticate(envelope, clock::wall())?;
    let certified = member.certified().ok_or_else(Refusal::nothing_certified)?;
    let content = request.content();
    let asked = Asked {
        version,
        scope,
        sender: content.sender,
        root_subnet: member.subnet,
    };
    let known = Known {
        state: &certified.state,
        request: &request,
    };
    permit(&content.paths, &asked, &known)?;
    // The time is always shown: without it, nobody could tell how old the certificate is (HTTP-176).
    let paths: Vec<Path> = content
        .paths
        .iter()
        .cloned()
        .chain([paths::time()])
        .collect();
    let certificate = certified.certificate(&paths).encode();
    Ok(answer::cbor(ReadStateAnswer { certificate }.encode()))
}

/// What the certified state knows, for whoever signed `request`.
struct Known<'a> {
    state: &'a ReplicatedState,
    request: &'a Authenticated<ReadState>,
}

impl Facts for Known<'_> {
    fn request_is_visible(&self, id: &RequestId, asked: &Asked) -> bool {
        let Some(record) = self.state.request(id) else {
            return true;
        };
        // A creation names no canister, so it may have come by any address (HTTP-131).
        let by_any_address = record.effective == CanisterId::MANAGEMENT;
        let same_address = match asked.scope {
            Scope::Canister(effective) => {
                by_any_address || record.effective.principal() == effective
            }
            Scope::Subnet(_) => false,
        };
        same_address && record.sender == asked.sender && self.request.permits(record.canister)
    }

    fn section_is_hidden(&self, canister: Principal, name: &str, sender: UserId) -> bool {
        let Some(canister) = self.state.canister(&CanisterId::new(canister)) else {
            return false;
        };
        let section = canister
            .code
            .as_ref()
            .and_then(|code| code.execution.module.metadata().get(name));
        section.is_some_and(|section| !section.public)
            && !canister.settings.controllers.contains(&sender.principal())
    }
}
