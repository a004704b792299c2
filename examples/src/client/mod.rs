//! A client with a key of its own, which believes nothing but the root key.

pub mod management;
pub mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use ic_certification::{
    Certificate, CertificateError, Freshness, MalformedStatus, QueryError, RequestStatus, RootKey,
    Subject, VerifiedCertificate, paths,
};
use ic_crypto::user_key;
use ic_types::codec::{DecodeError, Wire as _};
use ic_types::{
    Call, CanisterId, Content as _, Digest, Nonce, Path, Query, QueryOutcome, QueryResponse,
    ReadState, ReadStateAnswer, Reject, RejectCode, RequestId, SyncCallAnswer, Time, UserId,
};
pub use management::InstallMode;
use wire::{Unreachable, exchange};

use crate::clock;

/// The media type of requests and answers.
const CBOR: &str = "application/cbor";
/// For how long a request of this client may be taken.
const LIFETIME: Duration = Duration::from_secs(180);
/// How old a certificate, or a node's signature, may be.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Between two looks at a call that takes long.
const PAUSE: Duration = Duration::from_millis(200);
/// Looks at a call that takes long, before the client gives up.
const LOOKS: u32 = 300;

/// Why there is no answer that this client believes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no answer at all.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The node refuses the request.
    #[error("refused with status {status}: {text}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The reason, in the node's words.
        text: String,
    },
    /// The answer is not what the specification says.
    #[error("the answer is malformed")]
    Malformed(#[from] DecodeError),
    /// The certificate does not hold.
    #[error("the certificate does not hold")]
    Certificate(#[from] CertificateError),
    /// The certificate holds, and does not say what became of the call.
    #[error("the certificate says nothing of the call")]
    Status(#[from] MalformedStatus),
    /// The certificate holds, and does not show what was asked for.
    #[error("the certificate does not show {path}")]
    NotShown {
        /// What was asked for.
        path: Path,
    },
    /// The nodes of the subnet do not vouch for the answer.
    #[error("the answer of a node: {0}")]
    Query(#[from] QueryError),
    /// The subnet certifies that the call was rejected.
    #[error("rejected with code {code}: {message}")]
    Rejected {
        /// The reject code (HTTP-200 to HTTP-204).
        code: RejectCode,
        /// The canister's or the system's words.
        message: String,
    },
    /// One node says that the request is rejected, and nothing proves it.
    #[error("rejected by one node: {0}")]
    Uncertified(Reject),
    /// The subnet has not said what became of the call.
    #[error("no outcome yet of {id}")]
    NoOutcome {
        /// The call.
        id: RequestId,
    },
    /// The management canister's answer is not what its interface says.
    #[error("the management canister's answer: {0}")]
    Candid(#[from] candid::Error),
}

/// What a call led to, and the certificate that proves it.
#[derive(Debug)]
pub struct Outcome {
    /// The reply.
    pub reply: Vec<u8>,
    /// When the subnet certified it.
    pub certified: Time,
}

/// A user, at one node of a subnet.
pub struct Client {
    node: SocketAddr,
    root: RootKey,
    key: user_key::SecretKey,
}

impl Client {
    /// A client with this key, at the node with this address, of the subnet with this root key.
    pub fn new(node: SocketAddr, root: RootKey, key: user_key::SecretKey) -> Self {
        Self { node, root, key }
    }

    /// Goes on at another node. What it says is checked like what the first one said.
    pub fn turn_to(&mut self, node: SocketAddr) {
        self.node = node;
    }

    /// Who this client is: the hash of its key.
    pub fn user(&self) -> UserId {
        self.key.user_id()
    }

    /// Has a canister created, with this client as its controller.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_canister(&self) -> Result<(CanisterId, Time), ClientError> {
        let argument = management::provisional_create()?;
        let method = "provisional_create_canister_with_cycles";
        let outcome = self
            .update_at(
                CanisterId::MANAGEMENT,
                CanisterId::MANAGEMENT,
                method,
                argument,
            )
            .await?;
        Ok((management::created(&outcome.reply)?, outcome.certified))
    }

    /// Has a module installed.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn install(
        &self,
        canister: CanisterId,
        mode: InstallMode,
        module: &[u8],
        argument: &[u8],
    ) -> Result<Time, ClientError> {
        let argument = management::install_code(canister, mode, module, argument)?;
        Ok(self
            .update_at(canister, CanisterId::MANAGEMENT, "install_code", argument)
            .await?
            .certified)
    }

    /// Calls a canister, and waits until the subnet certifies what it replied.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update(
        &self,
        canister: CanisterId,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Outcome, ClientError> {
        self.update_at(canister, canister, method, argument).await
    }

    async fn update_at(
        &self,
        effective: CanisterId,
        canister: CanisterId,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Outcome, ClientError> {
        let call = Call {
            sender: self.user(),
            expiry: expiry(),
            nonce: nonce(),
            canister,
            method: method.to_owned(),
            argument,
            sender_info: None,
        };
        let id = call.id();
        let (status, body) = self
            .post(
                effective,
                "v4",
                "call",
                self.key.sign_request(call).encode(),
            )
            .await?;
        match SyncCallAnswer::decode(status.as_u16(), &body)? {
            SyncCallAnswer::Certified { certificate } => {
                let verified = self.verify(effective, &certificate)?;
                outcome(&verified, id)?.ok_or(ClientError::NoOutcome { id })
            }
            SyncCallAnswer::Rejected(reject) => Err(ClientError::Uncertified(reject)),
            SyncCallAnswer::Accepted => self.poll(effective, id).await,
        }
    }

    /// Looks at the state again and again until it has the outcome of a call.
    async fn poll(&self, effective: CanisterId, id: RequestId) -> Result<Outcome, ClientError> {
        for _ in 0..LOOKS {
            let verified = self
                .read_state(effective, vec![paths::request_status::of(&id)])
                .await?;
            if let Some(outcome) = outcome(&verified, id)? {
                return Ok(outcome);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(ClientError::NoOutcome { id })
    }

    /// Asks one node, and checks that it is one of the subnet's nodes who answers this question, now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn query(
        &self,
        canister: CanisterId,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, ClientError> {
        let query = Query {
            sender: self.user(),
            expiry: expiry(),
            nonce: nonce(),
            canister,
            method: method.to_owned(),
            argument,
            sender_info: None,
        };
        let id = query.id();
        let (_, body) = self
            .post(
                canister,
                "v3",
                "query",
                self.key.sign_request(query).encode(),
            )
            .await?;
        let response = QueryResponse::decode(&body)?;
        let subnet = self
            .read_state(canister, vec![paths::subnet::all()])
            .await?;
        subnet.verify_query(Subject::Canister(canister), &id, &response, lately())?;
        match response.outcome {
            QueryOutcome::Replied { argument } => Ok(argument),
            QueryOutcome::Rejected(reject) => Err(ClientError::Uncertified(reject)),
        }
    }

    /// Reads the certified state, and checks the certificate.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn read_state(
        &self,
        canister: CanisterId,
        paths: Vec<Path>,
    ) -> Result<VerifiedCertificate, ClientError> {
        let certificate = self.certificate(canister, paths).await?;
        self.verify(canister, &certificate)
    }

    /// Reads the certified state, and believes nothing yet: the encoded certificate.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate(
        &self,
        canister: CanisterId,
        paths: Vec<Path>,
    ) -> Result<Vec<u8>, ClientError> {
        let read = ReadState {
            sender: self.user(),
            expiry: expiry(),
            nonce: None,
            paths,
        };
        let (_, body) = self
            .post(
                canister,
                "v3",
                "read_state",
                self.key.sign_request(read).encode(),
            )
            .await?;
        Ok(ReadStateAnswer::decode(&body)?.certificate)
    }

    /// Checks that the subnet says what the certificate says of this canister, and said it lately.
    ///
    /// # Errors
    /// [`ClientError::Malformed`] and [`ClientError::Certificate`].
    pub fn verify(
        &self,
        canister: CanisterId,
        certificate: &[u8],
    ) -> Result<VerifiedCertificate, ClientError> {
        Ok(Certificate::decode(certificate)?.verify(
            &self.root,
            Subject::Canister(canister),
            lately(),
        )?)
    }

    /// The hash of the module that a canister runs, as the subnet certifies it: what anybody can compare with the
    /// module that they have read.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn module_hash(&self, canister: CanisterId) -> Result<Digest, ClientError> {
        let path = paths::canister::module_hash(canister);
        let verified = self.read_state(canister, vec![path.clone()]).await?;
        let hash = verified
            .lookup(path.labels())
            .found()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        hash.map(Digest::new).ok_or(ClientError::NotShown { path })
    }

    async fn post(
        &self,
        effective: CanisterId,
        version: &str,
        endpoint: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let path = format!("/api/{version}/canister/{effective}/{endpoint}");
        let (status, body) = exchange(self.node, &path, Some((CBOR, body))).await?;
        if status.is_success() {
            return Ok((status, body));
        }
        Err(ClientError::Refused {
            status,
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn expiry() -> Time {
    clock::wall().saturating_add(LIFETIME)
}

/// What makes two equal calls two calls. The time will do: a client makes no two calls within a nanosecond.
fn nonce() -> Option<Nonce> {
    Nonce::try_from_slice(&clock::wall().as_nanos().to_be_bytes()).ok()
}

/// What the certificate says of a call; `None` if that is not decided.
fn outcome(verified: &VerifiedCertificate, id: RequestId) -> Result<Option<Outcome>, ClientError> {
    match verified.request_status(&id)? {
        RequestStatus::Replied(reply) => Ok(Some(Outcome {
            reply,
            certified: verified.time(),
        })),
        RequestStatus::Rejected(rejection) => Err(ClientError::Rejected {
            code: rejection.code,
            message: rejection.message,
        }),
        RequestStatus::Absent
        | RequestStatus::Received
        | RequestStatus::Processing
        | RequestStatus::Done => Ok(None),
    }
}

/// Within [`TOLERANCE`] of now.
fn lately() -> Freshness {
    Freshness::Within {
        now: clock::wall(),
        tolerance: TOLERANCE,
    }
}
