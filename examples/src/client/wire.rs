//! One HTTP request and its answer, over a connection of its own.

use std::net::SocketAddr;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// There is no connection to the node.
    #[error("no connection to {node}")]
    Connect {
        /// Where a node was expected.
        node: SocketAddr,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The connection broke, or what came over it was not HTTP.
    #[error("the conversation with {node} broke off: {reason}")]
    Broken {
        /// Whose answer it should have been.
        node: SocketAddr,
        /// What went wrong, in words.
        reason: String,
    },
}

/// A body to send, and what it is said to be.
pub type Body<'a> = (&'a str, Vec<u8>);

/// Sends `body` to `path` at `node` (POST; GET if there is none) and returns the status and the whole answer.
///
/// # Errors
/// [`Unreachable`], if there is no whole answer. A refusal is an answer.
pub async fn exchange(
    node: SocketAddr,
    path: &str,
    body: Option<Body<'_>>,
) -> Result<(StatusCode, Bytes), Unreachable> {
    let stream = TcpStream::connect(node)
        .await
        .map_err(|source| Unreachable::Connect { node, source })?;
    let broken = |error: &dyn std::error::Error| Unreachable::Broken {
        node,
        reason: error.to_string(),
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let driver = tokio::spawn(connection);
    let method = if body.is_some() { "POST" } else { "GET" };
    let (media_type, body) = body.unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, node.to_string())
        .header(header::CONTENT_TYPE, media_type)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| broken(&error))?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|error| broken(&error))?;
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .map_err(|error| broken(&error))?
        .to_bytes();
    driver.abort();
    Ok((status, body))
}
