//! HTTP responses: `ic-certification` beside `ic-response-verification`.
//!
//! Both verify the same request and response over and over, and remember its signatures: the peer cannot be called
//! without its certificate, so this is how to leave the signature out. The peer takes what it verifies as owned values: they
//! are made before the clock starts.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use benches::Group;
use ic_certification::http::{Request, Response, Version, verify_with};
use ic_certification::{Capacity, Freshness, RootKey, Subject, Verifier};
use ic_http_certification::{HttpRequest, HttpResponse, Method, StatusCode};
use ic_response_verification::verify_request_response_pair;
use ic_types::{CanisterId, Time};

const MAINNET: &str = include_str!("../../../ic-certification/tests/vectors/http/mainnet.txt");
const MADE: &str = include_str!("../../../ic-certification/tests/vectors/http/made.txt");

/// The groups of this module.
pub fn groups() -> Vec<Group> {
    vec![
        verify("HTTP v2: a response", MADE, "page"),
        verify("HTTP v2: a response to a request", MADE, "item"),
        verify(
            "HTTP v2: a response of a subnet",
            MADE,
            "delegation_sharded",
        ),
        verify("HTTP v1: a page of the public network", MAINNET, "home"),
    ]
}

/// A request with its response, as both take them.
#[derive(Clone)]
pub struct Exchange {
    method: &'static str,
    url: &'static str,
    request_headers: Vec<(&'static str, &'static str)>,
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    now: u64,
    tolerance: u64,
    canister: CanisterId,
    root: RootKey,
}

impl Exchange {
    /// The case with this name in a file of vectors.
    fn read(file: &'static str, name: &str) -> Self {
        let root = file
            .lines()
            .find_map(|line| line.strip_prefix("root "))
            .expect("a root key");
        let root = hex::decode(root).expect("hexadecimal digits");
        let lines: Vec<(&str, &str)> = file
            .lines()
            .map(|line| line.split_once(' ').unwrap_or((line, "")))
            .skip_while(|line| *line != ("case", name))
            .skip(1)
            .take_while(|(name, _)| *name != "case")
            .collect();
        let all = |name| {
            lines
                .iter()
                .filter(move |(found, _)| *found == name)
                .map(|(_, value)| *value)
        };
        let one = |name| all(name).next().unwrap_or_else(|| panic!("a {name}"));
        let headers = |name| {
            all(name)
                .map(|header| header.split_once(": ").expect("a header"))
                .collect()
        };
        let number = |name| one(name).parse().expect("a number");
        Self {
            method: one("method"),
            url: one("url"),
            request_headers: headers("request-header"),
            status: one("status").parse().expect("a status"),
            headers: headers("header"),
            body: hex::decode(one("body")).expect("hexadecimal digits"),
            now: number("now"),
            tolerance: number("tolerance"),
            canister: one("canister").parse().expect("a canister"),
            root: RootKey::from_der(&root).expect("a key"),
        }
    }

    fn for_the_peer(&self) -> (HttpRequest<'static>, HttpResponse<'static>) {
        let owned = |headers: &[(&str, &str)]| {
            headers
                .iter()
                .map(|(name, value)| (String::from(*name), String::from(*value)))
                .collect::<Vec<_>>()
        };
        let request = HttpRequest::builder()
            .with_method(Method::from_bytes(self.method.as_bytes()).expect("a method"))
            .with_url(self.url)
            .with_headers(owned(&self.request_headers))
            .build();
        let response = HttpResponse::builder()
            .with_status_code(StatusCode::from_u16(self.status).expect("a status"))
            .with_headers(owned(&self.headers))
            .with_body(self.body.clone())
            .build();
        (request, response)
    }
}

fn verify(name: &'static str, file: &'static str, case: &str) -> Group {
    let theirs = Exchange::read(file, case);
    let ours = theirs.clone();
    let root = theirs.root.to_der();
    let mut verifier = Verifier::new(ours.root.clone(), Capacity::default());
    let freshness = Freshness::Within {
        now: Time::from_nanos(ours.now),
        tolerance: Duration::from_nanos(ours.tolerance),
    };
    let made = Rc::new(RefCell::new(Vec::new()));
    let taken = made.clone();
    let same = theirs.clone();
    Group::new(name, Some(0.50))
        .entry_with(
            "ic-response-verification 4",
            move |calls| {
                let mut made = made.borrow_mut();
                made.clear();
                made.extend((0..calls).map(|_| same.for_the_peer()));
            },
            move || {
                let (request, response) = taken.borrow_mut().pop().expect("one for each call");
                let verified = verify_request_response_pair(
                    request,
                    response,
                    theirs.canister.as_slice(),
                    theirs.now.into(),
                    theirs.tolerance.into(),
                    black_box(root.as_slice()),
                    1,
                );
                verified.expect("a certified response")
            },
        )
        .entry("ic-certification", move || {
            let request = Request {
                method: ours.method,
                url: ours.url,
                headers: &ours.request_headers,
                body: &[],
            };
            let response = Response::new(ours.status, &ours.headers, black_box(&ours.body));
            let subject = Subject::Canister(ours.canister);
            let believe = |certificate| verifier.verify(certificate, subject, freshness);
            let verdict = verify_with(ours.canister, &request, &response, Version::V1, believe)
                .expect("a certified response");
            // What the peer answers too: the headers that may be passed on.
            black_box(verdict.headers(&response).len());
            verdict
        })
}
