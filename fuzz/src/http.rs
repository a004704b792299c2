//! Targets of HTTP certification: what gateways read, and what canisters build.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use ic_certification::http::{
    BuildError, CertificateHeader, Certified, Entry, Expression, ExpressionPath, HttpError,
    Request, RequestSelection, Response, ResponseSelection, ResponseTree, Verdict, Version,
    request_hash, response_hash, verify_with,
};
use ic_certification::{Capacity, CertificateError, Freshness, RootKey, Subject, Verifier};
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest};

use crate::memory::bounded;
use crate::source::Source;

const CANISTER: CanisterId = CanisterId::from_u64(7);

/// The headers by themselves, and URLs: what is read has a form that is read alike (GW-030 to GW-045, GW-050 to GW-055).
pub fn http_headers(input: &[u8]) {
    if let Ok(path) = bounded(input, ExpressionPath::decode) {
        let encoded = path.encode();
        assert!(encoded == input || encoded.get(3..) == Some(input));
        assert_eq!(ExpressionPath::decode(&encoded), Ok(path));
    }
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    if let Ok(header) = bounded(text, CertificateHeader::parse) {
        let certificate = header.certificate.encode();
        assert_eq!(Wire::decode(&certificate).as_ref(), Ok(&header.certificate));
        assert_eq!(
            Wire::decode(&header.tree.encode()).as_ref(),
            Ok(&header.tree)
        );
        assert_eq!(header.version() == Version::V2, header.path.is_some());
    }
    if let Ok(expression) = bounded(text, Expression::parse) {
        let written = expression.to_text().expect("what was read can be written");
        assert_eq!(Expression::parse(&written).as_ref(), Ok(&expression));
        assert!(written == text || text.contains(|letter: char| letter.is_ascii_whitespace()));
    }
    url(text);
}

fn url(text: &str) {
    let (exact, wildcard) = (
        bounded(text, ExpressionPath::exact),
        bounded(text, ExpressionPath::wildcard),
    );
    assert_eq!(exact.is_ok(), wildcard.is_ok());
    // A path that is above all others, and so behind them.
    let all = ExpressionPath::wildcard("/").expect("a path");
    let places = bounded(text, |text| {
        all.more_specific(text)
            .map(|places| places.map(drop).count())
    });
    let (Ok(exact), Ok(wildcard)) = (exact, wildcard) else {
        return;
    };
    for path in [&exact, &wildcard, &all] {
        assert_eq!(path.matches(text), Ok(true));
        assert_eq!(ExpressionPath::decode(&path.encode()).as_ref(), Ok(path));
    }
    let before = |path: &ExpressionPath| -> Vec<ExpressionPath> {
        path.more_specific(text).expect("a path").collect()
    };
    assert!(before(&exact).is_empty());
    // Quadratic in what there is to compare: the first will do.
    if places.expect("a path") > 40 {
        return;
    }
    let places = before(&all);
    assert!(places.first() == Some(&exact) && (wildcard == all || places.contains(&wildcard)));
    let different: BTreeSet<_> = places.iter().collect();
    assert!(different.len() == places.len() && !different.contains(&all));
    for (position, place) in places.iter().enumerate() {
        assert_eq!(place.matches(text), Ok(true));
        let expected = if place.is_wildcard() { position } else { 0 };
        assert_eq!(before(place), places[..expected]);
    }
}

/// A whole request and its response, as text: see [`exchange`]. None is accepted but what the seeds' certificates certify
/// (GW-010 to GW-023, GW-090 to GW-095).
pub fn http_response(input: &[u8]) {
    thread_local! {
        static CERTIFIED: Seeds = Seeds::new();
    }
    let Some(exchange) = exchange(input) else {
        return;
    };
    let (request, response) = (exchange.request(), exchange.response());
    CERTIFIED.with(|seeds| {
        let verdict = verify_with(CANISTER, &request, &response, Version::V1, |certificate| {
            seeds.verify(certificate)
        });
        if let Ok(verdict) = verdict {
            seeds.check(&verdict, &request, &response);
        }
    });
}

/// A request and a response: a line with method and URL, lines with headers, an empty line, a line with the status,
/// lines with headers, an empty line, the body.
struct Exchange<'a> {
    method: &'a str,
    url: &'a str,
    asked: Vec<(&'a str, &'a str)>,
    status: u16,
    answered: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

fn exchange(mut input: &[u8]) -> Option<Exchange<'_>> {
    let rest = &mut input;
    let (method, url) = line(rest)?.split_once(' ')?;
    let asked = headers(rest)?;
    let status = line(rest)?.parse().ok()?;
    let answered = headers(rest)?;
    Some(Exchange {
        method,
        url,
        asked,
        status,
        answered,
        body: rest,
    })
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, others) = rest.split_at(end);
    *rest = &others[1..];
    str::from_utf8(line).ok()
}

fn headers<'a>(rest: &mut &'a [u8]) -> Option<Vec<(&'a str, &'a str)>> {
    let mut headers = Vec::new();
    loop {
        match line(rest)? {
            "" => return Some(headers),
            header => headers.push(header.split_once(": ")?),
        }
    }
}

impl Exchange<'_> {
    fn request(&self) -> Request<'_> {
        Request {
            method: self.method,
            url: self.url,
            headers: &self.asked,
            body: b"",
        }
    }

    fn response(&self) -> Response<'_> {
        Response::new(self.status, &self.answered, self.body)
    }
}

/// What the vectors' certificates certify, and who signed them.
struct Seeds {
    verifiers: RefCell<Vec<Verifier>>,
    /// Paths to the leaves of all trees, and the values there.
    leaves: BTreeSet<(Vec<Vec<u8>>, Vec<u8>)>,
}

impl Seeds {
    fn new() -> Self {
        const VECTORS: [&str; 2] = [
            include_str!("../../ic-certification/tests/vectors/http/made.txt"),
            include_str!("../../ic-certification/tests/vectors/http/mainnet.txt"),
        ];
        let (mut verifiers, mut leaves) = (Vec::new(), BTreeSet::new());
        for line in VECTORS.iter().flat_map(|text| text.lines()) {
            if let Some(root) = line.strip_prefix("root ") {
                let root = RootKey::from_der(&bytes(root)).expect("a key");
                verifiers.push(Verifier::new(root, Capacity::default()));
            }
            if let Some(header) = line.strip_prefix("header IC-Certificate: ")
                && let Ok(header) = CertificateHeader::parse(header)
            {
                header.tree.whole().for_each_value(|path, value| {
                    let path = path.iter().map(|label| label.to_vec()).collect();
                    leaves.insert((path, value.to_vec()));
                });
            }
        }
        assert!(verifiers.len() == 2 && !leaves.is_empty());
        Self {
            verifiers: RefCell::new(verifiers),
            leaves,
        }
    }

    fn verify(
        &self,
        certificate: ic_certification::Certificate,
    ) -> Result<ic_certification::VerifiedCertificate, CertificateError> {
        let mut verifiers = self.verifiers.borrow_mut();
        let mut verdicts = verifiers.iter_mut().map(|verifier| {
            verifier.verify(
                certificate.clone(),
                Subject::Canister(CANISTER),
                Freshness::AnyAge,
            )
        });
        let first = verdicts.next().expect("there are two");
        first.or_else(|_| verdicts.next().expect("there are two"))
    }

    fn check(&self, verdict: &Verdict, request: &Request<'_>, response: &Response<'_>) {
        match verdict.certified() {
            Certified::Body => {
                let hash = Digest::of(response.body);
                let assets = self
                    .leaves
                    .iter()
                    .filter(|(path, _)| path[0] == b"http_assets");
                let mut assets = assets.map(|(_, value)| value);
                assert!(assets.any(|value| value == hash.as_bytes()), "another body");
            }
            Certified::Expression { path, expression } => {
                assert_eq!(path.matches(request.url), Ok(true));
                let header = response.headers.iter();
                let (_, text) = header
                    .clone()
                    .find(|(name, _)| name.eq_ignore_ascii_case("ic-certificateexpression"))
                    .expect("it comes from there");
                let mut place: Vec<Vec<u8>> = path.labels().map(|label| label.into()).collect();
                place.push(Digest::of(text.as_bytes()).as_ref().to_vec());
                if let Some(selection) = expression.response() {
                    let request = expression
                        .request()
                        .map(|selection| request_hash(request, selection));
                    place.push(request.map_or(Vec::new(), |hash| hash.as_ref().to_vec()));
                    place.push(response_hash(response, selection, text).as_ref().to_vec());
                    assert!(
                        self.leaves.contains(&(place, Vec::new())),
                        "another response"
                    );
                } else {
                    let mut leaves = self.leaves.iter();
                    assert!(
                        leaves.any(|(path, _)| path.starts_with(&place)),
                        "another path"
                    );
                }
            }
            certified => panic!("{certified:?}"),
        }
    }
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).expect("ASCII"));
    digits
        .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits"))
        .collect()
}

/// A canister's responses: what it can show for a URL passes all checks but that of the certificate, and nothing that
/// differs does (GW-015 to GW-019, GW-043, GW-044, GW-110, GW-111).
pub fn http_site(input: &[u8]) {
    let mut source = Source(input);
    let mut tree = ResponseTree::new();
    let mut entries = Vec::<(Entry, Expression, String, u16)>::new();
    while source.more() && entries.len() < 4 {
        let url = site_url(&mut source);
        let path = if source.below(2) == 0 {
            ExpressionPath::exact(&url)
        } else {
            ExpressionPath::wildcard(&url)
        };
        let Ok(path) = path else { continue };
        let expression = expression(&mut source);
        let status = 200 + u16::from(source.byte());
        let request = asked(&url);
        let entry = tree
            .insert(path, &expression, Some(&request), &answered(status))
            .expect("there is a request");
        entries.push((entry, expression, url, status));
        if source.below(8) == 0 && !entries.is_empty() {
            let (entry, ..) = entries.swap_remove(source.below(entries.len()));
            let twice = entries.iter().any(|(other, ..)| *other == entry);
            assert!(tree.remove(&entry));
            assert!(!tree.remove(&entry));
            if twice {
                entries.retain(|(other, ..)| *other != entry);
            }
        }
    }
    let elsewhere = site_url(&mut Source(input));
    for (index, (entry, expression, of, status)) in entries.iter().enumerate() {
        let (_, _, next, _) = &entries[(index + 1) % entries.len()];
        for url in [of, next, &elsewhere] {
            let shown = tree.headers(entry, url, &CERTIFICATE);
            let Ok(matches) = entry.path().matches(url) else {
                assert!(matches!(shown, Err(BuildError::Path(_))));
                continue;
            };
            let mut first = entry.path().more_specific(url).expect("a path");
            let hidden =
                first.any(|place| entries.iter().any(|(other, ..)| *other.path() == place));
            match shown {
                Ok(headers) => {
                    assert!(matches && !hidden);
                    let request = asked(url);
                    let same = expression.request().is_none_or(|selection| {
                        request_hash(&request, selection) == request_hash(&asked(of), selection)
                    });
                    let free = expression.response().is_none();
                    assert_eq!(passes(&headers, &request, &answered(*status)), free || same);
                    assert_eq!(passes(&headers, &request, &answered(status + 1)), free);
                    let other = Response {
                        body: b"other",
                        ..answered(*status)
                    };
                    assert_eq!(passes(&headers, &request, &other), free);
                }
                Err(BuildError::OtherPath { .. }) => assert!(!matches),
                Err(BuildError::MoreSpecific { .. }) => assert!(hidden),
                Err(error) => panic!("{error}"),
            }
        }
    }
    if entries.is_empty() {
        assert_eq!(tree.digest(), ResponseTree::new().digest());
    }
}

fn site_url(source: &mut Source<'_>) -> String {
    let mut url = String::from("/");
    for _ in 0..source.below(5) {
        url.push_str(match source.below(12) {
            0 | 1 => "a",
            2 => "b",
            3 => "%20",
            4 => "%2F",
            5 => "ü",
            6 => "%",
            7 => "?x=1&y=2",
            8 => "#",
            _ => "/",
        });
    }
    url
}

fn expression(source: &mut Source<'_>) -> Expression {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    let response = match source.below(3) {
        0 => ResponseSelection::Only(names(&["Content-Type"])),
        1 => ResponseSelection::AllBut(names(&["content-type", "Date"])),
        _ => ResponseSelection::AllBut(Vec::new()),
    };
    match source.below(4) {
        0 => Expression::Nothing,
        1 => Expression::RequestAndResponse {
            request: RequestSelection {
                headers: names(&["ACCEPT"]),
                query: names(&["x"]),
            },
            response,
        },
        _ => Expression::Response(response),
    }
}

fn asked(url: &str) -> Request<'_> {
    Request {
        headers: &[("Accept", "text/html"), ("Cookie", "a=b")],
        ..Request::get(url)
    }
}

fn answered(status: u16) -> Response<'static> {
    Response::new(status, &[("Content-Type", "text/html")], b"a page")
}

/// A certificate of nothing, signed by nobody.
const CERTIFICATE: [u8; 68] = {
    let mut bytes = [0; 68];
    let head = *b"\xa2\x64tree\x81\x00\x69signature\x58\x30";
    let mut at = 0;
    while at < head.len() {
        bytes[at] = head[at];
        at += 1;
    }
    bytes
};

/// Whether all but the certificate is right.
fn passes(
    headers: &[(&'static str, String); 2],
    request: &Request<'_>,
    response: &Response<'_>,
) -> bool {
    let mut all = response.headers.to_vec();
    all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
    let response = Response {
        headers: &all,
        ..*response
    };
    let asked_for = Cell::new(false);
    let verdict = verify_with(CANISTER, request, &response, Version::V2, |_| {
        asked_for.set(true);
        Err(CertificateError::OutOfRange {
            canister: CANISTER,
            subnet: RootKey::mainnet().subnet(),
        })
    });
    assert!(verdict.is_err());
    assert_eq!(
        asked_for.get(),
        matches!(verdict, Err(HttpError::Certificate(_)))
    );
    asked_for.get()
}
