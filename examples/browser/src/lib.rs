//! Certificate verification as a WebAssembly module without imports.
//!
//! Bytes go in and out through the module's memory: whoever calls [`allocate`]s room for them, writes, calls
//! [`verify`], reads the answer and [`release`]s what it was given. `certificate.mjs` is that caller.

mod json;

use std::time::Duration;

use ic_certification::{
    Certificate, CertificateError, Freshness, Lookup, RootKey, Subject, VerifiedCertificate,
};
use ic_types::codec::{DecodeError, Wire};
use ic_types::{CanisterId, Label, Path, PrincipalError, Time};

/// How far a certificate's time may be from the caller's clock, as agents have it.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Room for `length` bytes, zeroed. To be given back by [`release`] with the same length.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; length].into_boxed_slice()).cast()
}

/// Gives back what [`allocate`] or [`verify`] gave.
///
/// # Safety
///
/// `start` and `length` are what was given, and are given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn release(start: *mut u8, length: usize) {
    // SAFETY: a boxed slice of this length was turned into this pointer, says the caller.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, length)) });
}

/// Checks a certificate against the root key of the public network.
///
/// Takes the certificate's bytes, the text of the canister that it has to speak for, the caller's clock in nanoseconds
/// since 1970 (0: however old it is), and a path to look up, with `/` between labels and bytes as `0x..`.
///
/// Answers JSON in UTF-8, its place in the lower 32 bits and its length in the upper ones:
/// `{"time": "nanoseconds", "subnet": "text", "found": "absent" | "unknown" | "subtree" | {"value": "hex"}}`, or
/// `{"refused": "why"}`.
///
/// # Safety
///
/// Each pointer leads to as many readable bytes as the length after it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn verify(
    certificate: *const u8,
    certificate_length: usize,
    canister: *const u8,
    canister_length: usize,
    now: u64,
    path: *const u8,
    path_length: usize,
) -> u64 {
    // SAFETY: of these three, the caller says so.
    let (certificate, canister, path) = unsafe {
        (
            std::slice::from_raw_parts(certificate, certificate_length),
            std::slice::from_raw_parts(canister, canister_length),
            std::slice::from_raw_parts(path, path_length),
        )
    };
    let answer = match check(certificate, canister, now) {
        Ok(verified) => accepted(&verified, &parse_path(&String::from_utf8_lossy(path))),
        Err(refusal) => json::object(&[("refused", json::string(&refusal.to_string()))]),
    };
    let answer = answer.into_bytes().into_boxed_slice();
    let length = answer.len() as u64;
    let start = Box::into_raw(answer).cast::<u8>() as usize as u64;
    length << 32 | start
}

/// Why there is nothing to believe.
enum Refusal {
    Canister(PrincipalError),
    Malformed(DecodeError),
    NotBelieved(CertificateError),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Canister(error) => write!(f, "not the text of a canister: {error}"),
            Self::Malformed(error) => write!(f, "not a certificate: {error}"),
            Self::NotBelieved(error) => error.fmt(f),
        }
    }
}

fn check(certificate: &[u8], canister: &[u8], now: u64) -> Result<VerifiedCertificate, Refusal> {
    let canister: CanisterId = String::from_utf8_lossy(canister)
        .parse()
        .map_err(Refusal::Canister)?;
    let freshness = match now {
        0 => Freshness::AnyAge,
        nanos => Freshness::Within {
            now: Time::from_nanos(nanos),
            tolerance: TOLERANCE,
        },
    };
    Certificate::decode(certificate)
        .map_err(Refusal::Malformed)?
        .verify(&RootKey::mainnet(), Subject::Canister(canister), freshness)
        .map_err(Refusal::NotBelieved)
}

fn accepted(verified: &VerifiedCertificate, path: &Path) -> String {
    let found = match verified.lookup(path.labels()) {
        Lookup::Found(value) => json::object(&[("value", json::string(&hex(value)))]),
        Lookup::Absent => json::string("absent"),
        Lookup::Unknown => json::string("unknown"),
        Lookup::SubTree => json::string("subtree"),
    };
    json::object(&[
        (
            "time",
            json::string(&verified.time().as_nanos().to_string()),
        ),
        ("subnet", json::string(&verified.subnet().to_string())),
        ("found", found),
    ])
}

/// Labels with `/` between them; what does not read as bytes is taken as text.
fn parse_path(text: &str) -> Path {
    let labels = text.split('/').filter(|part| !part.is_empty());
    Path::from_iter(
        labels.map(|part| match part.strip_prefix("0x").and_then(from_hex) {
            Some(bytes) => Label::from(bytes),
            None => Label::from(part),
        }),
    )
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
