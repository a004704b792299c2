//! The body of a request: CBOR by its own account, and not too long.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};

use super::Refusal;

/// The longest body that is read, in bytes: the longest message (LIM-002: 2 MiB), and room for the longest chain of
/// delegations around it (LIM-009: 20 of up to 1000 targets of 29 bytes, with their keys and signatures).
pub const LONGEST: usize = 3 * 1024 * 1024;

/// The media type of every request and answer (HTTP-015).
pub(super) const CBOR: &str = "application/cbor";

/// Reads the whole body.
///
/// # Errors
/// 415 if it is not said to be CBOR, 413 beyond [`LONGEST`], 400 if it breaks off.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    if !is_cbor(headers) {
        let text = format!("Unexpected content-type, expected {CBOR}.");
        return Err(Refusal {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            text,
        });
    }
    match to_bytes(body, LONGEST).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_limit(&error) => {
            let text = format!("The body is too large: at most {LONGEST} bytes are read.");
            Err(Refusal {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                text,
            })
        }
        Err(error) => Err(Refusal::bad_request(format!(
            "The body breaks off: {error}"
        ))),
    }
}

/// Parameters after the media type do no harm.
fn is_cbor(headers: &HeaderMap) -> bool {
    let named = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = named.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(CBOR))
}

/// Whether `to_bytes` stopped because of its limit; axum hides which error it was.
fn is_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_type(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            axum::http::HeaderValue::from_static(value),
        );
        headers
    }

    #[tokio::test]
    async fn only_cbor_is_read() {
        assert!(
            read(&with_type("application/cbor"), Body::from("x"))
                .await
                .is_ok()
        );
        assert!(
            read(&with_type("Application/CBOR; q=1"), Body::from("x"))
                .await
                .is_ok()
        );
        for headers in [
            with_type("application/json"),
            with_type("application/cborx"),
            HeaderMap::new(),
        ] {
            let refusal = read(&headers, Body::from("x")).await.unwrap_err();
            assert_eq!(refusal.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
    }

    #[tokio::test]
    async fn the_limit_is_the_limit() {
        let headers = with_type("application/cbor");
        assert_eq!(
            read(&headers, Body::from(vec![0; LONGEST]))
                .await
                .map(|body| body.len()),
            Ok(LONGEST)
        );
        let refusal = read(&headers, Body::from(vec![0; LONGEST + 1]))
            .await
            .unwrap_err();
        assert_eq!(refusal.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
