//! Answers: what a node says to each kind of request, and how it is written.
//!
//! Only a certificate is proof of anything. A [`Reject`] before execution, a [`QueryResponse`] whose signatures were
//! not checked and a [`Status`] are one node's word (HTTP-017).

mod call;
mod query;
mod read_state;
mod reject;
mod status;

pub use call::{AsyncCallAnswer, SyncCallAnswer};
pub use query::{NodeSignature, QueryOutcome, QueryResponse, QueryResponseHash};
pub use read_state::ReadStateAnswer;
pub use reject::{Reject, RejectCode};
pub use status::Status;

const STATUS: &str = "status";
const CERTIFICATE: &str = "certificate";
