//! Both sides of a request and its answer, and both verdicts on them.

use ic_certification::http::{Gateway, HttpError, Request, Response, Version};
use ic_certification::{Certificate, Freshness, LabeledTree, RootKey, leaves};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_http_certification::{HttpRequest, HttpResponse, Method, StatusCode};
use ic_response_verification::verify_request_response_pair;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Path, Time};

pub const CANISTER: CanisterId = CanisterId::from_u64(7);
pub const NOW: u64 = 1_700_000_000_000_000_000;

pub fn key() -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(b"root"))
}

/// The certificate that the system gives a canister.
pub fn certificate(data: [u8; 32]) -> Vec<u8> {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(NOW));
    tree.put(&leaves::canister::certified_data(CANISTER), &data.to_vec());
    let certificate = Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: key().sign(&tree.root()).to_bytes(),
        delegation: None,
    };
    certificate.encode()
}

pub type Headers = Vec<(String, String)>;

/// A request or its answer, for both.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    pub url: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

pub fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

impl Asked {
    pub fn get(url: &str) -> Self {
        Self {
            method: "GET",
            url: url.to_owned(),
            headers: vec![],
            body: vec![],
        }
    }

    pub fn ours<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        then(&Request {
            method: self.method,
            url: &self.url,
            headers: &borrowed(&self.headers),
            body: &self.body,
        })
    }

    pub fn theirs(&self) -> HttpRequest<'static> {
        HttpRequest::builder()
            .with_method(Method::from_bytes(self.method.as_bytes()).expect("a method"))
            .with_url(self.url.clone())
            .with_headers(self.headers.clone())
            .with_body(self.body.clone())
            .build()
    }
}

impl Answer {
    pub fn ours<T>(&self, then: impl FnOnce(&Response<'_>) -> T) -> T {
        then(&Response::new(
            self.status,
            &borrowed(&self.headers),
            &self.body,
        ))
    }

    pub fn theirs(&self) -> HttpResponse<'static> {
        HttpResponse::builder()
            .with_status_code(StatusCode::from_u16(self.status).expect("a status"))
            .with_headers(self.headers.clone())
            .with_body(self.body.clone())
            .build()
    }

    pub fn with(&self, headers: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut answer = self.clone();
        answer.headers.extend(headers);
        answer
    }
}

/// What we and what they say: the version that was verified, if any.
pub fn verdicts(asked: &Asked, answer: &Answer) -> (Result<u16, HttpError>, Result<u16, String>) {
    let root = RootKey::new(key().public_key());
    let der = root.to_der();
    let gateway = Gateway {
        root,
        freshness: Freshness::AnyAge,
        minimum: Version::V1,
    };
    let ours = asked.ours(|asked| answer.ours(|answer| gateway.verify(CANISTER, asked, answer)));
    let theirs = verify_request_response_pair(
        asked.theirs(),
        answer.theirs(),
        CANISTER.as_slice(),
        NOW.into(),
        1,
        der.as_slice(),
        1,
    );
    (
        ours.map(|verdict| {
            if verdict.version() == Version::V1 {
                1
            } else {
                2
            }
        }),
        theirs
            .map(|verified| verified.verification_version)
            .map_err(|error| error.to_string()),
    )
}

/// Both say the same, whatever it is.
pub fn agree(asked: &Asked, answer: &Answer) -> bool {
    let (ours, theirs) = verdicts(asked, answer);
    assert_eq!(
        ours.as_ref().ok(),
        theirs.as_ref().ok(),
        "{asked:?} {answer:?}: we {ours:?}, they {theirs:?}"
    );
    ours.is_ok()
}
