//! Answers in CBOR; what is in them is said by `ic-types`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ic_types::Reject;

use super::{Refusal, body};

/// An answer with this status and body.
///
/// # Errors
/// 500 if there is no such status.
pub(super) fn with_status(status: u16, body: Vec<u8>) -> Result<Response, Refusal> {
    let status =
        StatusCode::from_u16(status).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok((status, [(header::CONTENT_TYPE, body::CBOR)], body).into_response())
}

/// 200 and this body.
pub(super) fn cbor(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, body::CBOR)], body).into_response()
}

/// What the runtime rejects with, as it is written in answers that nothing certifies (HTTP-142, HTTP-150).
pub(super) fn reject(refusal: ic_wasm_runtime::Refusal) -> Reject {
    Reject {
        code: refusal.code,
        message: refusal.message,
        error_code: Some(refusal.error.name().to_owned()),
    }
}
