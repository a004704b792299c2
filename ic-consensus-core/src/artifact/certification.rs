//! Certification: the signature of the subnet over the root of its state, which is all that a client ever checks.

use super::share::{CertifiedState, GroupSigned, Share};

/// One node's word for the root that it computed.
pub type CertificationShare = Share<CertifiedState>;
/// The root of a height under the subnet's key, as the certificates that clients receive carry it.
pub type Certification = GroupSigned<CertifiedState>;
