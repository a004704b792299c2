//! Which identifier must stand in the URL of a request: its effective canister id (HTTP-130 to HTTP-137).

use ic_types::{CanisterId, Principal};
use ic_wasm_runtime::executor::effective_canister;

use super::Refusal;

/// What calls and queries have in common here.
#[derive(Clone, Copy, Debug)]
pub struct Addressed<'a> {
    /// The canister of the content.
    pub canister: &'a CanisterId,
    /// The method of the content.
    pub method: &'a str,
    /// The argument of the content.
    pub argument: &'a [u8],
}

/// The principal in a URL (HTTP-013).
///
/// # Errors
/// 400, never 404: at the call endpoint of version 4 agents take 404 for "no such version" (HTTP-246).
pub fn parse(text: &str) -> Result<Principal, Refusal> {
    text.parse().map_err(|error| {
        Refusal::bad_request(format!(
            "Invalid principal in the URL, {text:.80}: {error}."
        ))
    })
}

/// Whether `effective` may stand in the URL of this request, on a subnet whose canisters `hosts` knows.
///
/// A management call whose argument names no canister has no effective identifier. It is let through, because the
/// system rejects it with a reason that says more (HTTP-134).
///
/// # Errors
/// 400 with both identifiers.
pub fn check(
    request: &Addressed<'_>,
    effective: Principal,
    hosts: impl Fn(&CanisterId) -> bool,
) -> Result<(), Refusal> {
    let Addressed {
        canister,
        method,
        argument,
    } = request;
    if let Ok(expected) = effective_canister(canister, method, argument)
        && !expected.permits(&CanisterId::new(effective))
    {
        return Err(Refusal::bad_request(format!(
            "Specified CanisterId {canister} does not match effective canister id in URL {effective}"
        )));
    }
    hosted(effective, hosts)
}

/// Whether this subnet answers for `effective` (HTTP-137). At `aaaaa-aa` every subnet answers for itself.
///
/// # Errors
/// 400.
pub fn hosted(effective: Principal, hosts: impl Fn(&CanisterId) -> bool) -> Result<(), Refusal> {
    if effective == Principal::MANAGEMENT || hosts(&CanisterId::new(effective)) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "The subnet does not host canister {effective} of the URL."
    )))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use candid::{CandidType, Encode};

    use super::*;

    #[derive(CandidType)]
    struct Managed {
        canister_id: candid::Principal,
    }

    #[derive(CandidType)]
    struct Chunked {
        target_canister: candid::Principal,
        chunk_hashes_list: Vec<Vec<u8>>,
    }

    fn at(
        canister: CanisterId,
        method: &str,
        argument: &[u8],
        effective: Principal,
    ) -> Result<(), StatusCode> {
        let below_ten =
            |canister: &CanisterId| canister.to_u64().is_some_and(|counter| counter < 10);
        let request = Addressed {
            canister: &canister,
            method,
            argument,
        };
        check(&request, effective, below_ten).map_err(|refusal| refusal.status)
    }

    fn canister(counter: u64) -> Principal {
        CanisterId::from_u64(counter).principal()
    }

    const REFUSED: Result<(), StatusCode> = Err(StatusCode::BAD_REQUEST);

    #[test]
    fn http_130_an_ordinary_canister_is_its_own_address() {
        let to = |effective| at(CanisterId::from_u64(3), "greet", b"", effective);
        assert_eq!(to(canister(3)), Ok(()));
        assert_eq!(to(canister(4)), REFUSED);
        assert_eq!(to(Principal::MANAGEMENT), REFUSED);
    }

    #[test]
    fn http_137_the_subnet_answers_for_its_own_canisters() {
        assert_eq!(
            at(CanisterId::from_u64(12), "greet", b"", canister(12)),
            REFUSED
        );
    }

    #[test]
    fn http_131_creation_goes_to_any_canister_of_the_subnet() {
        let to = |effective| {
            let argument = Encode!().unwrap();
            at(
                CanisterId::MANAGEMENT,
                "provisional_create_canister_with_cycles",
                &argument,
                effective,
            )
        };
        assert_eq!(to(canister(3)), Ok(()));
        assert_eq!(to(Principal::MANAGEMENT), Ok(()));
        assert_eq!(to(canister(12)), REFUSED);
    }

    #[test]
    fn http_132_and_133_management_goes_to_the_managed_canister() {
        let id = candid::Principal::from_slice(canister(3).as_slice());
        for (method, argument) in [
            (
                "stop_canister",
                Encode!(&Managed { canister_id: id }).unwrap(),
            ),
            (
                "install_chunked_code",
                Encode!(&Chunked {
                    target_canister: id,
                    chunk_hashes_list: vec![]
                })
                .unwrap(),
            ),
        ] {
            let to = |effective| at(CanisterId::MANAGEMENT, method, &argument, effective);
            assert_eq!(to(canister(3)), Ok(()), "{method}");
            assert_eq!(to(canister(4)), REFUSED, "{method}");
            assert_eq!(to(Principal::MANAGEMENT), REFUSED, "{method}");
        }
    }
}
