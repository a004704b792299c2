//! The calls that no canister answers: the management canister (MGMT-001 to MGMT-158).
//!
//! It is a facade: no state, no code, no cycles. A method either does all of what it says or nothing (MGMT-007),
//! and gives back all cycles that came along unless it is there to keep them (MGMT-006).

mod interface;
mod lifecycle;
mod method;
mod settings;
mod snapshot_interface;
mod snapshots;
mod status;

use std::sync::Arc;

use ic_types::{CanisterId, Cycles, DigestHasher, Principal};

use self::interface::{
    CanisterInfo, CanisterMetadata, CreateCanister, ProvisionalCreate, ProvisionalTopUp,
    SubnetInfo, SubnetInfoReply, UninstallCode, UpdateSettings, UploadChunk, ours,
};
pub(super) use self::interface::{
    ChunkHash, InstallChunkedCode, InstallCode, InstallMode, Persistence, canister as canister_id,
    decode, encode, nothing,
};
pub(crate) use self::method::{Method, sender_version, target};
pub(super) use self::status::{list, logs, metrics, status};
use super::{ErrorCode, Refusal, induction::not_found, round::Round};
use crate::{
    sandbox::Sandbox,
    state::{CallOrigin, Canister, Origin, Payload, Request},
};

/// What became of a call.
pub(super) enum Managed {
    /// It is answered; the cycles that were not kept go back.
    Replied {
        /// The reply.
        reply: Vec<u8>,
        /// What was kept of the cycles that came along.
        kept: Cycles,
    },
    /// It is answered later, and what came along waits with it.
    Waiting,
}

impl Managed {
    pub(super) fn reply(reply: Vec<u8>) -> Self {
        Self::Replied {
            reply,
            kept: Cycles::ZERO,
        }
    }

    pub(super) fn nothing() -> Self {
        Self::reply(nothing())
    }
}

impl<S: Sandbox> Round<'_, S> {
    /// Executes the calls to the management canister that have arrived.
    pub(super) fn manage(&mut self) {
        while !self.exhausted() {
            let Some(request) = self.state.management.pop_front() else {
                break;
            };
            self.progress = self.progress.saturating_add(1);
            self.manage_one(&request);
        }
    }

    fn manage_one(&mut self, request: &Arc<Request>) {
        if let CallOrigin::User { request, .. } = &request.origin {
            self.state
                .advance_request(request, crate::state::RequestStatus::Processing);
        }
        self.spend(0);
        let (payload, kept) = match self.dispatch(request) {
            Ok(Managed::Replied { reply, kept }) => (Payload::Reply(reply), kept),
            Ok(Managed::Waiting) => return,
            Err(reject) => (Payload::Reject(reject), Cycles::ZERO),
        };
        let refund = request.cycles.saturating_sub(kept);
        self.answer(CanisterId::MANAGEMENT, &request.origin, payload, refund);
    }

    fn dispatch(&mut self, request: &Arc<Request>) -> Result<Managed, Refusal> {
        let method = Method::parse(&request.method)?;
        match request.origin {
            // Checked again: what was accepted by one node is not what was accepted by all.
            CallOrigin::User { .. } => {
                method.permits_ingress(self.state.subnet(), &request.caller)?
            }
            CallOrigin::Canister { .. } | CallOrigin::System => {}
        }
        let argument = request.argument.as_slice();
        match method {
            Method::CreateCanister => self.create(
                request,
                decode::<Option<CreateCanister>>(argument)?.unwrap_or_default(),
            ),
            Method::ProvisionalCreate => {
                self.provisional_create(request, decode::<ProvisionalCreate>(argument)?)
            }
            Method::ProvisionalTopUp => {
                self.provisional_top_up(decode::<ProvisionalTopUp>(argument)?)
            }
            Method::RawRand => {
                if argument != nothing() {
                    decode::<Option<candid::Reserved>>(argument)?;
                }
                self.state.randomness_wanted.push_back(Arc::clone(request));
                Ok(Managed::Waiting)
            }
            Method::SubnetInfo => self.subnet_info(&decode::<SubnetInfo>(argument)?),
            Method::FetchCanisterLogs | Method::ListCanisters => Err(Refusal::new(
                ErrorCode::UnknownManagementMethod,
                format!("{} can be called as a query only", method.name()),
            )),
            Method::UpdateSettings
            | Method::UploadChunk
            | Method::ClearChunkStore
            | Method::StoredChunks
            | Method::InstallCode
            | Method::InstallChunkedCode
            | Method::UninstallCode
            | Method::StartCanister
            | Method::StopCanister
            | Method::CanisterStatus
            | Method::DeleteCanister
            | Method::DepositCycles
            | Method::CanisterMetrics
            | Method::CanisterInfo
            | Method::CanisterMetadata
            | Method::TakeSnapshot
            | Method::LoadSnapshot
            | Method::ListSnapshots
            | Method::DeleteSnapshot
            | Method::ReadSnapshotMetadata
            | Method::ReadSnapshotData
            | Method::UploadSnapshotMetadata
            | Method::UploadSnapshotData => self.dispatch_about(method, request),
        }
    }

    /// Methods about a canister that exists.
    fn dispatch_about(
        &mut self,
        method: Method,
        request: &Arc<Request>,
    ) -> Result<Managed, Refusal> {
        let argument = request.argument.as_slice();
        let id = target(method, argument)?;
        let caller = request.caller;
        method.authorize(self.existing(&id)?, &caller, self.state.subnet())?;
        match method {
            Method::UpdateSettings => {
                self.update_settings(request, &decode::<UpdateSettings>(argument)?)
            }
            Method::UploadChunk => self.upload_chunk(id, &decode::<UploadChunk>(argument)?.chunk),
            Method::ClearChunkStore => {
                self.state.change(&id, |canister| canister.chunks.clear());
                Ok(Managed::nothing())
            }
            Method::StoredChunks => {
                let hashes: Vec<ChunkHash> = self
                    .existing(&id)?
                    .chunks
                    .hashes()
                    .map(|hash| ChunkHash {
                        hash: serde_bytes::ByteBuf::from(hash.as_bytes().to_vec()),
                    })
                    .collect();
                encode(hashes).map(Managed::reply)
            }
            Method::InstallCode => self.install_code(request, decode::<InstallCode>(argument)?),
            Method::InstallChunkedCode => {
                self.install_chunked_code(request, decode::<InstallChunkedCode>(argument)?)
            }
            Method::UninstallCode => {
                let version = decode::<UninstallCode>(argument)?.sender_canister_version;
                self.uninstall(id, Some(origin(request, version)));
                Ok(Managed::nothing())
            }
            Method::StartCanister => self.start(id),
            Method::StopCanister => self.stop(id, request),
            Method::CanisterStatus => {
                let prices = *self.state.prices();
                status(self.existing(&id)?, &prices).map(Managed::reply)
            }
            Method::DeleteCanister => self.delete(id, &caller),
            Method::DepositCycles => {
                self.state
                    .change(&id, |canister| canister.deposit(request.cycles));
                Ok(Managed::Replied {
                    reply: nothing(),
                    kept: request.cycles,
                })
            }
            Method::CanisterMetrics => metrics(self.existing(&id)?).map(Managed::reply),
            Method::CanisterInfo => {
                let count = decode::<CanisterInfo>(argument)?
                    .num_requested_changes
                    .unwrap_or(0);
                status::info(self.existing(&id)?, count).map(Managed::reply)
            }
            Method::CanisterMetadata => {
                let name = decode::<CanisterMetadata>(argument)?.name;
                status::metadata(self.existing(&id)?, &caller, &name).map(Managed::reply)
            }
            Method::TakeSnapshot
            | Method::LoadSnapshot
            | Method::ListSnapshots
            | Method::DeleteSnapshot
            | Method::ReadSnapshotMetadata
            | Method::ReadSnapshotData
            | Method::UploadSnapshotMetadata
            | Method::UploadSnapshotData => self.dispatch_snapshots(method, id, request),
            Method::CreateCanister
            | Method::ProvisionalCreate
            | Method::ProvisionalTopUp
            | Method::RawRand
            | Method::SubnetInfo
            | Method::ListCanisters
            | Method::FetchCanisterLogs => Err(Refusal::new(
                ErrorCode::UnknownManagementMethod,
                "not about a canister",
            )),
        }
    }

    pub(super) fn existing(&self, id: &CanisterId) -> Result<&Canister, Refusal> {
        self.state.canister(id).ok_or_else(|| not_found(id))
    }

    /// What this subnet runs (MGMT-153).
    fn subnet_info(&self, argument: &SubnetInfo) -> Result<Managed, Refusal> {
        let subnet = self.state.subnet().id;
        if ours(&argument.subnet_id) != subnet.principal() {
            return Err(Refusal::new(
                ErrorCode::InvalidArgument,
                format!("this is subnet {subnet}: it knows no other"),
            ));
        }
        encode(SubnetInfoReply {
            replica_version: env!("CARGO_PKG_VERSION").to_owned(),
            registry_version: self.registry.get(),
        })
        .map(Managed::reply)
    }

    /// Answers the calls to `raw_rand` of earlier batches with the randomness of this one, which nobody knew when
    /// they were made (MGMT-144).
    pub(super) fn answer_randomness(&mut self) {
        for request in std::mem::take(&mut self.state.randomness_wanted) {
            let bytes = serde_bytes::ByteBuf::from(self.draw().to_vec());
            let payload = match encode(bytes) {
                Ok(reply) => Payload::Reply(reply),
                Err(reject) => Payload::Reject(reject),
            };
            self.answer(
                CanisterId::MANAGEMENT,
                &request.origin,
                payload,
                request.cycles,
            );
        }
    }

    /// The next 32 bytes of the batch's randomness: the hash of it and of how many were drawn before.
    fn draw(&mut self) -> [u8; 32] {
        let mut hasher = DigestHasher::new();
        // A domain of its own, so that nothing else that hashes the randomness gives the same bytes.
        hasher.update(b"\x11ic-wasm-raw-rand\0");
        hasher.update(self.randomness);
        hasher.update(&self.drawn.to_be_bytes());
        self.drawn = self.drawn.saturating_add(1);
        *hasher.finish().as_bytes()
    }
}

/// Who asked for a change (ABS-311).
pub(super) fn origin(request: &Request, version: Option<u64>) -> Origin {
    match &request.origin {
        CallOrigin::User { user, .. } => Origin::User(*user),
        CallOrigin::Canister { caller, .. } => Origin::Canister {
            canister: *caller,
            version,
        },
        CallOrigin::System => Origin::Canister {
            canister: CanisterId::new(request.caller),
            version,
        },
    }
}

/// The first controllers of a canister for which none were named (MGMT-110).
fn default_controllers(caller: Principal) -> std::collections::BTreeSet<Principal> {
    std::collections::BTreeSet::from([caller])
}
