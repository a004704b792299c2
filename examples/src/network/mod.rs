//! How artifacts travel between nodes.

mod in_process;

pub use in_process::{Inbox, Letter, Switchboard, Visit};
