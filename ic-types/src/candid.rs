//! Conversions from and to the principal of the `candid` crate, which is that of `ic_principal` (feature `candid`).
//!
//! They cannot fail: both are 0 to 29 bytes. The typed ids are converted through [`Principal`], so that the role is
//! said in words.

use crate::principal::Principal;

impl From<ic_principal::Principal> for Principal {
    #[expect(
        clippy::expect_used,
        reason = "a principal of that crate has at most 29 bytes too; any other answer would name somebody else"
    )]
    fn from(principal: ic_principal::Principal) -> Self {
        Self::try_from_slice(principal.as_slice()).expect("both have at most 29 bytes")
    }
}

impl From<Principal> for ic_principal::Principal {
    fn from(principal: Principal) -> Self {
        // At most 29 bytes, so this does not panic.
        Self::from_slice(principal.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_of_every_length_come_back() {
        for length in 0..=Principal::MAX_LENGTH {
            let principal = Principal::try_from_slice(&vec![7; length]).unwrap();
            let theirs = ic_principal::Principal::from(principal);
            assert_eq!(theirs.as_slice(), principal.as_slice());
            assert_eq!(Principal::from(theirs), principal);
        }
    }
}
