//! Why a request gets no answer of its own: a status and a sentence (HTTP-016).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ic_consensus_core::ingress::NotPooled;
use ic_crypto::Unauthenticated;

use crate::member::Stopped;

/// 4xx is the client's fault, and asking again unchanged is pointless; 5xx is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status line.
    pub status: StatusCode,
    /// The whole body, as plain text.
    pub text: String,
}

impl Refusal {
    /// The request cannot be understood, or asks for something that it may not say in this way.
    pub fn bad_request(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            text: text.into(),
        }
    }

    /// The request is understood, and its sender may not have what it asks for.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            text: text.into(),
        }
    }

    /// The node is there, and cannot answer now.
    pub fn unavailable(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            text: text.into(),
        }
    }

    /// This node is at fault.
    pub fn internal(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            text: text.into(),
        }
    }

    /// The subnet has not signed a state yet.
    pub fn nothing_certified() -> Self {
        Self::unavailable("Certified state is not available yet. Please try again.")
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Self::unavailable(format!("No answer: {stopped}."))
    }
}

impl From<Unauthenticated> for Refusal {
    fn from(error: Unauthenticated) -> Self {
        // Agents look for the words "Invalid request expiry: ", set their clock by the subnet's, and ask again
        // (HTTP-245).
        let text = error.to_string();
        if error.is_expiry() {
            Self::bad_request(text)
        } else {
            Self::forbidden(text)
        }
    }
}

impl From<NotPooled> for Refusal {
    fn from(error: NotPooled) -> Self {
        let status = match error {
            NotPooled::Expired { .. } => {
                return Self::bad_request(format!("Invalid request expiry: {error}"));
            }
            NotPooled::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            // The one 4xx that is worth repeating unchanged (HTTP-016).
            NotPooled::SenderFull { .. } => StatusCode::TOO_MANY_REQUESTS,
            NotPooled::Full | _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self {
            status,
            text: format!("The call is not taken: {error}."),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, self.text).into_response()
    }
}
