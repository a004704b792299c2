//! The path of a request through a gateway: from the first query to a response that may be passed on (GW-001, GW-080 to
//! GW-084).

use ic_types::response::Reject;
use ic_types::{CanisterId, RequestId};

use super::verify::check_range;
use super::{
    CandidError, HttpRequest, HttpResponse, StreamingCallbackHttpResponse, StreamingStrategy,
    StreamingToken, UnverifiedResponse,
};
use crate::{MalformedStatus, RequestStatus, VerifiedCertificate};

/// A query for the gateway to make: the first of a request, or one for a part of its body. Nothing certifies the reply.
///
/// ```
/// use ic_certification::http::{GatewayQuery, HttpRequest, HttpResponse, Step, StreamLimits};
/// use ic_types::CanisterId;
///
/// let request = HttpRequest::new("GET", "/");
/// let query = GatewayQuery::start(CanisterId::from_u64(7), request, StreamLimits::default());
/// assert_eq!(query.method(), "http_request");
///
/// // Whoever owns the sockets makes the call, and brings what the canister replied.
/// let reply = HttpResponse::new(200, vec![], b"a page".to_vec()).encode();
/// let Step::Unverified(response) = query.reply(&reply)? else { panic!("one query was enough") };
/// // Then: response.verify(&gateway)
/// # Ok::<(), ic_certification::http::ExchangeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GatewayQuery(Call);

/// An update for the gateway to make. Its reply is taken out of a certificate, so that nothing else needs to prove it.
#[derive(Clone, Debug)]
pub struct GatewayUpdate(Call);

/// How much of a body a gateway collects before it has verified any of it. Ours: the specification has no limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Bytes of the whole body.
    pub body_bytes: usize,
    /// Calls of the callback.
    pub callbacks: usize,
}

impl Default for StreamLimits {
    /// 64 MiB in at most 1,000 parts after the first.
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            callbacks: 1_000,
        }
    }
}

/// What comes after a reply.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// A query is to be made.
    Query(GatewayQuery),
    /// An update is to be made.
    Update(GatewayUpdate),
    /// The response is complete, and to be verified before anything of it is passed on (GW-082).
    Unverified(UnverifiedResponse),
    /// The response is complete, and every part of it was certified by an update: its headers prove nothing and need prove
    /// nothing (GW-083).
    Certified(HttpResponse),
}

/// Why an exchange ends without a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The reply is not what the method should reply.
    #[error("the reply of {method}: {error}")]
    Reply {
        /// The method.
        method: String,
        /// What is wrong with its reply.
        #[source]
        error: CandidError,
    },
    /// The callback is a method of another canister (GW-080).
    #[error("the callback is a method of {found}, not of {expected}")]
    OtherCanister {
        /// The canister that answers.
        expected: CanisterId,
        /// Whose the callback is.
        found: CanisterId,
    },
    /// The body grew too long.
    #[error("a body of at least {found} bytes, more than {limit}")]
    BodyTooLong {
        /// How many bytes it may have.
        limit: usize,
        /// How many it has so far.
        found: usize,
    },
    /// The body does not end.
    #[error("the body has not ended after {limit} callbacks")]
    TooManyCallbacks {
        /// How many there may be.
        limit: usize,
    },
    /// The certificate of an update is not of the subnet of the canister, or that cannot be told.
    #[error("the certificate is not of the subnet of canister {canister}")]
    OtherSubnet {
        /// The canister.
        canister: CanisterId,
    },
    /// The certificate of an update does not say what became of it.
    #[error(transparent)]
    Status(MalformedStatus),
    /// The update was refused.
    #[error("the canister refused the update: {}", .0.message)]
    Rejected(Reject),
    /// The update was not answered, or its answer was forgotten.
    #[error("the certificate shows no reply to the update")]
    NoReply,
}

/// A call, and what is known when it is made.
#[derive(Clone, Debug)]
struct Call {
    exchange: Exchange,
    method: String,
    argument: Vec<u8>,
    /// What came before, if the call is for a part of a body.
    begun: Option<Begun>,
}

#[derive(Clone, Debug)]
struct Exchange {
    canister: CanisterId,
    request: HttpRequest,
    limits: StreamLimits,
}

#[derive(Clone, Debug)]
struct Begun {
    response: HttpResponse,
    callbacks: usize,
}

impl GatewayQuery {
    /// The first query. It asks for version 2, whatever the request says (GW-005).
    pub fn start(canister: CanisterId, mut request: HttpRequest, limits: StreamLimits) -> Self {
        request.certificate_version = Some(2);
        Self(Call {
            method: "http_request".to_owned(),
            argument: request.encode(),
            begun: None,
            exchange: Exchange {
                canister,
                request,
                limits,
            },
        })
    }

    /// The canister to ask.
    pub fn canister(&self) -> CanisterId {
        self.0.exchange.canister
    }

    /// The method: a query, or a composite query (GW-006).
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The argument: a Candid message.
    pub fn argument(&self) -> &[u8] {
        &self.0.argument
    }

    /// Goes on with what the canister replied, a Candid message.
    ///
    /// # Errors
    /// The reply makes no sense, or the body exceeds the limits.
    pub fn reply(self, reply: &[u8]) -> Result<Step, ExchangeError> {
        self.0.reply(reply, Vouched::No)
    }
}

impl GatewayUpdate {
    /// The canister to call.
    pub fn canister(&self) -> CanisterId {
        self.0.exchange.canister
    }

    /// The method: `http_request_update`, or a query to be called as an update.
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The argument: a Candid message.
    pub fn argument(&self) -> &[u8] {
        &self.0.argument
    }

    /// Goes on with a certificate that shows the reply to `request`, which is the call that was made. Whether the certificate
    /// came with the answer to the call or with one to read_state is all the same (GW-084).
    ///
    /// # Errors
    /// The certificate shows no reply, the reply makes no sense, or the body exceeds the limits.
    pub fn reply(
        self,
        certificate: &VerifiedCertificate,
        request: &RequestId,
    ) -> Result<Step, ExchangeError> {
        let canister = self.canister();
        check_range(certificate, canister).map_err(|_| ExchangeError::OtherSubnet { canister })?;
        match certificate.request_status(request) {
            Ok(RequestStatus::Replied(reply)) => self.0.reply(&reply, Vouched::Yes),
            Ok(RequestStatus::Rejected(reject)) => Err(ExchangeError::Rejected(reject)),
            Ok(
                RequestStatus::Absent
                | RequestStatus::Received
                | RequestStatus::Processing
                | RequestStatus::Done,
            ) => Err(ExchangeError::NoReply),
            Err(error) => Err(ExchangeError::Status(error)),
        }
    }
}

/// Whether a certificate shows the reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vouched {
    Yes,
    No,
}

impl Call {
    fn reply(self, reply: &[u8], vouched: Vouched) -> Result<Step, ExchangeError> {
        let Self {
            exchange,
            method,
            begun,
            ..
        } = self;
        let Some(mut begun) = begun else {
            let response = match HttpResponse::decode(reply) {
                Ok(response) => response,
                Err(error) => return Err(ExchangeError::Reply { method, error }),
            };
            return exchange.begin(response, vouched);
        };
        let part = match StreamingCallbackHttpResponse::decode(reply) {
            Ok(part) => part,
            Err(error) => return Err(ExchangeError::Reply { method, error }),
        };
        let body = &mut begun.response.body;
        exchange.check_length(body.len().saturating_add(part.body.len()))?;
        body.extend(part.body);
        match part.token {
            Some(token) => exchange.ask(begun, method, &token, vouched),
            None => Ok(exchange.end(begun.response, vouched)),
        }
    }
}

impl Exchange {
    /// Goes on with the answer of `http_request` or, if it is vouched for, of `http_request_update`.
    fn begin(self, mut response: HttpResponse, vouched: Vouched) -> Result<Step, ExchangeError> {
        // Nothing else of the response counts; that of an update cannot ask for another (GW-083).
        if response.upgrade.take() == Some(true) && vouched == Vouched::No {
            return Ok(Step::Update(GatewayUpdate(Call {
                method: "http_request_update".to_owned(),
                argument: self.request.to_update().encode(),
                begun: None,
                exchange: self,
            })));
        }
        self.check_length(response.body.len())?;
        let Some(StreamingStrategy::Callback { callback, token }) =
            response.streaming_strategy.take()
        else {
            return Ok(self.end(response, vouched));
        };
        if callback.canister != self.canister {
            return Err(ExchangeError::OtherCanister {
                expected: self.canister,
                found: callback.canister,
            });
        }
        let callbacks = 0;
        let begun = Begun {
            response,
            callbacks,
        };
        self.ask(begun, callback.method, &token, vouched)
    }

    /// Asks for the next part.
    fn ask(
        self,
        mut begun: Begun,
        method: String,
        token: &StreamingToken,
        vouched: Vouched,
    ) -> Result<Step, ExchangeError> {
        let limit = self.limits.callbacks;
        if begun.callbacks >= limit {
            return Err(ExchangeError::TooManyCallbacks { limit });
        }
        begun.callbacks = begun.callbacks.saturating_add(1);
        let call = Call {
            exchange: self,
            method,
            argument: token.encode(),
            begun: Some(begun),
        };
        Ok(match vouched {
            Vouched::No => Step::Query(GatewayQuery(call)),
            // No header proves the body of such a response, so every part of it has to come from an update. Queries can be
            // called as updates (HTTP-148).
            Vouched::Yes => Step::Update(GatewayUpdate(call)),
        })
    }

    fn end(self, response: HttpResponse, vouched: Vouched) -> Step {
        match vouched {
            Vouched::Yes => Step::Certified(response),
            Vouched::No => Step::Unverified(UnverifiedResponse {
                canister: self.canister,
                request: self.request,
                response,
            }),
        }
    }

    fn check_length(&self, found: usize) -> Result<(), ExchangeError> {
        let limit = self.limits.body_bytes;
        if found > limit {
            return Err(ExchangeError::BodyTooLong { limit, found });
        }
        Ok(())
    }
}
