//! HTTP certification and its peers on the same random sites, requests and changes: equal, or the difference is known and
//! said to be one. `cargo test --manifest-path benches/cached/Cargo.toml`

use ic_certification::http::{
    Base64Error, Expression, ExpressionError, ExpressionPath, Gateway, HeaderError, HttpError,
    Request, RequestSelection, Response, ResponseSelection, ResponseTree, Version, request_hash,
    response_hash,
};
use ic_certification::{Certificate, Freshness, LabeledTree, RootKey, leaves};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_http_certification::utils::add_v2_certificate_header;
use ic_http_certification::{
    CelExpression, DefaultCelBuilder, DefaultResponseCertification, HttpCertification,
    HttpCertificationPath, HttpCertificationTree, HttpCertificationTreeEntry, HttpRequest,
    HttpResponse, Method, StatusCode,
};
use ic_response_verification::verify_request_response_pair;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest, Path, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const CANISTER: CanisterId = CanisterId::from_u64(7);
const NOW: u64 = 1_700_000_000_000_000_000;

fn key() -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(b"root"))
}

/// The certificate that the system gives a canister.
fn certificate(data: [u8; 32]) -> Vec<u8> {
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

type Headers = Vec<(String, String)>;

/// A request or its answer, for both.
#[derive(Clone, Debug)]
struct Asked {
    method: &'static str,
    url: String,
    headers: Headers,
    body: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

impl Asked {
    fn get(url: &str) -> Self {
        Self {
            method: "GET",
            url: url.to_owned(),
            headers: vec![],
            body: vec![],
        }
    }

    fn ours<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        then(&Request {
            method: self.method,
            url: &self.url,
            headers: &borrowed(&self.headers),
            body: &self.body,
        })
    }

    fn theirs(&self) -> HttpRequest<'static> {
        HttpRequest::builder()
            .with_method(Method::from_bytes(self.method.as_bytes()).expect("a method"))
            .with_url(self.url.clone())
            .with_headers(self.headers.clone())
            .with_body(self.body.clone())
            .build()
    }
}

impl Answer {
    fn ours<T>(&self, then: impl FnOnce(&Response<'_>) -> T) -> T {
        then(&Response::new(
            self.status,
            &borrowed(&self.headers),
            &self.body,
        ))
    }

    fn theirs(&self) -> HttpResponse<'static> {
        HttpResponse::builder()
            .with_status_code(StatusCode::from_u16(self.status).expect("a status"))
            .with_headers(self.headers.clone())
            .with_body(self.body.clone())
            .build()
    }

    fn with(&self, headers: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut answer = self.clone();
        answer.headers.extend(headers);
        answer
    }
}

/// What we and what they say: the version that was verified, if any.
fn verdicts(asked: &Asked, answer: &Answer) -> (Result<u16, HttpError>, Result<u16, String>) {
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
fn agree(asked: &Asked, answer: &Answer) -> bool {
    let (ours, theirs) = verdicts(asked, answer);
    assert_eq!(
        ours.as_ref().ok(),
        theirs.as_ref().ok(),
        "{asked:?} {answer:?}: we {ours:?}, they {theirs:?}"
    );
    ours.is_ok()
}

/// A name of a header or a parameter: these letters only, since the peer's parser takes no others (see below).
fn name() -> impl Strategy<Value = String> {
    select(vec![
        "Accept",
        "host",
        "x-a",
        "X-B",
        "Content-Type",
        "q",
        "page",
    ])
    .prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(name(), 0..4)
}

fn headers() -> impl Strategy<Value = Headers> {
    vec((name(), "[ -~]{0,8}"), 0..5)
}

fn expression() -> impl Strategy<Value = Expression> {
    let response = || {
        (any::<bool>(), names()).prop_map(|(only, names)| {
            if only {
                ResponseSelection::Only(names)
            } else {
                ResponseSelection::AllBut(names)
            }
        })
    };
    prop_oneof![
        1 => Just(Expression::Nothing),
        3 => response().prop_map(Expression::Response),
        3 => (names(), names(), response()).prop_map(|(headers, query, response)| {
            Expression::RequestAndResponse {
                request: RequestSelection { headers, query },
                response,
            }
        }),
    ]
}

fn list(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn peer_response(selection: &ResponseSelection) -> DefaultResponseCertification<'_> {
    match selection {
        ResponseSelection::Only(names) => {
            DefaultResponseCertification::certified_response_headers(list(names))
        }
        ResponseSelection::AllBut(names) => {
            DefaultResponseCertification::response_header_exclusions(list(names))
        }
    }
}

/// The text, and what a canister puts into the peer's tree.
fn peer_certification(
    expression: &Expression,
    asked: &Asked,
    answer: &Answer,
) -> (String, HttpCertification) {
    let named =
        |text: &str| answer.with([("IC-CertificateExpression".to_owned(), text.to_owned())]);
    match expression {
        Expression::Nothing => {
            let text = DefaultCelBuilder::skip_certification().to_string();
            (text, HttpCertification::skip())
        }
        Expression::Response(response) => {
            let built = DefaultCelBuilder::response_only_certification()
                .with_response_certification(peer_response(response))
                .build();
            let text = built.to_string();
            let answer = named(&text).theirs();
            let certification = HttpCertification::response_only(&built, &answer, None);
            (text, certification.expect("the header is there"))
        }
        Expression::RequestAndResponse { request, response } => {
            let built = DefaultCelBuilder::full_certification()
                .with_request_headers(list(&request.headers))
                .with_request_query_parameters(list(&request.query))
                .with_response_certification(peer_response(response))
                .build();
            let text = built.to_string();
            let answer = named(&text).theirs();
            let certification = HttpCertification::full(&built, &asked.theirs(), &answer, None);
            (text, certification.expect("the header is there"))
        }
    }
}

/// A path, percent-encoded here and there, also where it need not be, and what begins like a percent sign and is none.
fn path() -> impl Strategy<Value = String> {
    let part = select(vec![
        "/", "/", "/", "/", "a", "b", "a%20b", "%2F", "%61", "%C3%BC", "%", "%zz", "%25", "%2520",
    ]);
    vec(part, 0..6)
        .prop_map(|parts| format!("/{}", parts.concat()))
        // A percent sign may come before two letters that are digits: a path that is not UTF-8 has no place in the tree.
        .prop_filter("a path in UTF-8", |path| {
            ExpressionPath::exact(path).is_ok()
        })
}

fn query() -> impl Strategy<Value = String> {
    let part = select(vec!["q=1", "q=2", "page=a%20b", "x-a", "other=3", "", "q"]);
    vec(part, 0..4).prop_map(|parts| {
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", parts.join("&"))
        }
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = select(vec!["GET", "POST", "PUT", "HEAD", "PATCH"]);
    (method, path(), query(), headers(), vec(any::<u8>(), 0..20)).prop_map(
        |(method, path, query, headers, body)| Asked {
            method,
            url: path + &query,
            headers,
            body,
        },
    )
}

fn answer() -> impl Strategy<Value = Answer> {
    let status = select(vec![200, 206, 301, 304, 404, 503]);
    (status, headers(), vec(any::<u8>(), 0..20)).prop_map(|(status, headers, body)| Answer {
        status,
        headers,
        body,
    })
}

/// Something that a site has.
#[derive(Clone, Debug)]
struct Page {
    asked: Asked,
    wildcard: bool,
    expression: Expression,
    answer: Answer,
}

fn page() -> impl Strategy<Value = Page> {
    (asked(), any::<bool>(), expression(), answer()).prop_map(
        |(asked, wildcard, expression, answer)| Page {
            asked,
            wildcard,
            expression,
            answer,
        },
    )
}

impl Page {
    fn path(&self) -> ExpressionPath {
        let path = if self.wildcard {
            ExpressionPath::wildcard(&self.asked.url)
        } else {
            ExpressionPath::exact(&self.asked.url)
        };
        path.expect("a path")
    }

    fn peer_path(&self) -> HttpCertificationPath<'static> {
        let path = self.asked.theirs().get_path().expect("a path");
        if !self.wildcard {
            HttpCertificationPath::exact(path)
        } else if path.chars().all(|letter| letter == '/') {
            // All paths: the peer's "/" is one below it.
            HttpCertificationPath::wildcard("")
        } else {
            HttpCertificationPath::wildcard(path)
        }
    }
}

fn text(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What a page is shown with for some URL: by us, and by the peer.
fn shown(pages: &[Page]) -> Vec<(usize, String, Answer)> {
    let mut shown = Vec::new();
    let mut tree = ResponseTree::new();
    let mut peer = HttpCertificationTree::default();
    let mut entries = Vec::new();
    for page in pages {
        let entry = page.asked.ours(|asked| {
            page.answer
                .ours(|answer| tree.insert(page.path(), &page.expression, Some(asked), answer))
        });
        let (text, certification) = peer_certification(&page.expression, &page.asked, &page.answer);
        let entry = entry.expect("there is a request");
        assert_eq!(entry.expression(), text, "GW-050 to GW-053");
        let path = page.peer_path();
        let labels: Vec<String> = page.path().labels().map(str::to_owned).collect();
        assert_eq!(labels, path.to_expr_path(), "GW-040 to GW-042");
        let peer_entry = HttpCertificationTreeEntry::new(path, certification);
        peer.insert(&peer_entry);
        entries.push((entry, peer_entry));
    }
    let certificate_of_ours = certificate(*tree.digest().as_bytes());
    let certificate_of_theirs = certificate(peer.root_hash());
    for (index, page) in pages.iter().enumerate() {
        let (entry, peer_entry) = &entries[index];
        for of in pages {
            let url = &of.asked.url;
            if let Ok(headers) = tree.headers(entry, url, &certificate_of_ours) {
                let headers = headers.map(|(name, value)| (name.to_owned(), value));
                shown.push((index, url.clone(), page.answer.with(headers)));
            }
            let path = of.asked.theirs().get_path().expect("a path");
            if let Ok(witness) = peer.witness(peer_entry, &path) {
                let named = text("IC-CertificateExpression", entry.expression());
                let mut response = page.answer.with([named]).theirs();
                let path = page.peer_path().to_expr_path();
                add_v2_certificate_header(&certificate_of_theirs, &mut response, &witness, &path);
                let answer = Answer {
                    headers: response.headers().to_vec(),
                    ..page.answer.clone()
                };
                shown.push((index, url.clone(), answer));
            }
        }
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// GW-050 to GW-053: the same text, which we read.
    #[test]
    fn expressions(expression in expression(), asked in asked(), answer in answer()) {
        let (text, _) = peer_certification(&expression, &asked, &answer);
        let ours = expression.to_text();
        prop_assert_eq!(ours.as_ref(), Ok(&text));
        prop_assert_eq!(Expression::parse(&text), Ok(expression));
    }

    /// GW-060 to GW-065, GW-067, GW-070 to GW-075: the same hashes.
    #[test]
    fn hashes(asked in asked(), answer in answer(), expression in expression()) {
        if let Some(selection) = expression.request() {
            let theirs = ic_http_certification::cel::DefaultRequestCertification::new(
                list(&selection.headers),
                list(&selection.query),
            );
            let theirs = ic_http_certification::request_hash(&asked.theirs(), &theirs);
            let ours = asked.ours(|asked| request_hash(asked, selection));
            prop_assert_eq!(ours.as_bytes(), &theirs.expect("a URL"));
        }
        if let Some(selection) = expression.response() {
            let named = text("IC-CertificateExpression", &expression.to_text().expect("text"));
            let theirs = ic_http_certification::response_hash(
                &answer.with([named.clone()]).theirs(),
                &peer_response(selection),
                None,
            );
            let ours = answer.ours(|answer| response_hash(answer, selection, &named.1));
            prop_assert_eq!(ours.as_bytes(), &theirs);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// GW-010 to GW-019, GW-040 to GW-045, GW-110, GW-111: what either of us shows for a page, for any URL of the site, is
    /// judged alike by both of us for each URL of the site, and so is every change of it; and a page that is asked for by
    /// its own request is accepted, if nothing more specific is there.
    #[test]
    fn sites(pages in vec(page(), 1..5), other in answer()) {
        for (index, url, answer) in shown(&pages) {
            let page = &pages[index];
            let own = agree(&page.asked, &answer);
            if url == page.asked.url {
                let hidden = page.path().more_specific(&url).expect("a path").any(|place| {
                    pages.iter().any(|other| other.path() == place)
                });
                prop_assert_eq!(own, !hidden, "{:?}", page);
            }
            for page in &pages {
                agree(&page.asked, &answer);
            }
            for changed in [
                Answer { status: other.status, ..answer.clone() },
                Answer { body: other.body.clone(), ..answer.clone() },
                answer.with(other.headers.clone()),
                Answer { headers: answer.headers.iter().rev().take(2).cloned().collect(), ..answer.clone() },
            ] {
                agree(&page.asked, &changed);
            }
        }
    }

    /// GW-041 (decision 0051), GW-093: which of two URLs stands for a path is the same for both of us, in both versions.
    #[test]
    fn paths(page in page(), urls in vec(path(), 8)) {
        let mut ours = ResponseTree::new();
        let path = page.asked.theirs().get_path().expect("a path");
        ours.insert_body(&path, &page.answer.body);
        ours.insert_body("/index.html", b"index");
        let certificate = certificate(*ours.digest().as_bytes());
        let (name, value) = ours.body_header(&path, &certificate).expect("it is there");
        let first = page.answer.with([text(name, &value)]);
        prop_assert!(agree(&page.asked, &first));
        let shown = shown(std::slice::from_ref(&page));
        for url in urls {
            let asked = Asked { url, ..page.asked.clone() };
            for answer in shown.iter().map(|(_, _, answer)| answer).chain([&first]) {
                agree(&asked, answer);
            }
        }
    }
}

/// A page and what shows it.
fn simple() -> (Asked, Answer) {
    let page = Page {
        asked: Asked::get("/page"),
        wildcard: false,
        expression: Expression::Response(ResponseSelection::AllBut(vec![])),
        answer: Answer {
            status: 200,
            headers: vec![],
            body: b"a page".to_vec(),
        },
    };
    let (_, _, answer) = shown(std::slice::from_ref(&page)).swap_remove(0);
    assert!(agree(&page.asked, &answer));
    (page.asked, answer)
}

fn changed(answer: &Answer, name: &str, change: impl Fn(&str) -> String) -> Answer {
    let mut answer = answer.clone();
    for (found, value) in &mut answer.headers {
        if found == name {
            *value = change(value);
        }
    }
    answer
}

/// GW-030: of two headers with certificates, the peer (4.0.1) takes the last. Another implementation may take the first, so
/// that what is verified and what is passed on differ. We refuse.
#[test]
fn the_peer_accepts_repeated_headers() {
    let (asked, answer) = simple();
    let twice = Answer {
        headers: [
            vec![text("IC-Certificate", "nonsense")],
            answer.headers.clone(),
        ]
        .concat(),
        ..answer
    };
    let (ours, theirs) = verdicts(&asked, &twice);
    let name = "IC-Certificate";
    assert_eq!(ours, Err(HttpError::RepeatedHeader { name }));
    assert_eq!(theirs, Ok(2));
}

/// GW-031: the specification has Base64 of RFC 4648, section 4, with padding and zeros in what is left over. The peer
/// (4.0.1) wants neither.
#[test]
fn the_peer_accepts_other_base64() {
    let (asked, answer) = simple();
    let unpadded = changed(&answer, "IC-Certificate", |value| {
        value
            .replace('=', "")
            .replace("certificate:", "certificate=:")
            .replace("tree:", "tree=:")
            .replace("expr_path:", "expr_path=:")
            .replace("version2", "version=2")
    });
    let (ours, theirs) = verdicts(&asked, &unpadded);
    assert!(matches!(
        ours,
        Err(HttpError::Header(HeaderError::Base64 {
            reason: Base64Error::Length { .. },
            ..
        }))
    ));
    assert_eq!(theirs, Ok(2));
}

/// GW-050, GW-055: the peer (4.0.1) reads an expression as far as it makes sense and takes fields in any order, and lets
/// the header of the certificate be named. The grammar has an end and an order.
#[test]
fn the_peer_accepts_other_expressions() {
    let text_of = "default_certification(ValidationArgs{certification:Certification{\
        no_request_certification:Empty{},response_certification:ResponseCertification{\
        response_header_exclusions:ResponseHeaderList{headers:[]}}}})";
    for (expression, position) in [
        (format!("{text_of};"), Some(text_of.len())),
        (
            text_of
                .replace("no_request_certification:Empty{},", "")
                .replace("}}}})", "}},no_request_certification:Empty{}}})"),
            Some(65),
        ),
        (text_of.replace("[]", "[\"ic-certificate\"]"), None),
    ] {
        let read = Expression::parse(&expression);
        match position {
            Some(at) => assert!(
                matches!(read, Err(ExpressionError::Unexpected { position, .. }) if position == at),
                "{read:?}"
            ),
            None => assert!(matches!(read, Err(ExpressionError::ReservedHeader { .. }))),
        }
        // Certified under this text, by hand.
        let asked = Asked::get("/");
        let answer = Answer {
            status: 200,
            headers: vec![text("IC-CertificateExpression", &expression)],
            body: vec![],
        };
        let selection = ResponseSelection::AllBut(vec![]);
        let response = answer.ours(|answer| response_hash(answer, &selection, &expression));
        let mut tree = LabeledTree::empty();
        let hash = Digest::of(expression.as_bytes());
        let labels: [&[u8]; 6] = [
            b"http_expr",
            b"",
            b"<$>",
            hash.as_bytes(),
            b"",
            response.as_bytes(),
        ];
        tree.insert(labels, []);
        let witness = serde_cbor::from_slice(&tree.witness(&[Path::default()]).encode());
        let mut response = answer.theirs();
        add_v2_certificate_header(
            &certificate(*tree.digest().as_bytes()),
            &mut response,
            &witness.expect("a tree"),
            &HttpCertificationPath::exact("/").to_expr_path(),
        );
        let answer = Answer {
            headers: response.headers().to_vec(),
            ..answer
        };
        let (ours, theirs) = verdicts(&asked, &answer);
        assert!(matches!(ours, Err(HttpError::Expression(_))), "{ours:?}");
        assert_eq!(theirs, Ok(2), "{expression}");
    }
}

/// GW-053: names may have any letters but quotes, line breaks and zeros. The peer (4.0.1) reads letters, digits and hyphens
/// only, although it writes what it cannot read.
#[test]
fn the_peer_refuses_names_with_other_letters() {
    let page = Page {
        asked: Asked::get("/page?user_id=1"),
        wildcard: false,
        expression: Expression::RequestAndResponse {
            request: RequestSelection {
                headers: vec![],
                query: vec!["user_id".to_owned()],
            },
            response: ResponseSelection::AllBut(vec![]),
        },
        answer: Answer {
            status: 200,
            headers: vec![],
            body: vec![],
        },
    };
    for (_, _, answer) in shown(std::slice::from_ref(&page)) {
        let (ours, theirs) = verdicts(&page.asked, &answer);
        assert_eq!(ours, Ok(2));
        assert!(theirs.is_err(), "{theirs:?}");
    }
}

/// GW-094: of an encoded body, the hash of what it stands for is certified, or that of what is sent. The peer decodes by
/// itself, we are given the decoded body.
#[test]
fn encoded_bodies() {
    // A stored block of deflate (RFC 1951, section 3.2.4).
    let plain = b"a page";
    let sent = [&[1, 6, 0, 0xf9, 0xff], &plain[..]].concat();
    for (certified, expected) in [(&plain[..], true), (&sent, true), (b"other", false)] {
        let mut tree = ResponseTree::new();
        tree.insert_body("/page", certified);
        let certificate = certificate(*tree.digest().as_bytes());
        let (name, value) = tree
            .body_header("/page", &certificate)
            .expect("it is there");
        let answer = Answer {
            status: 200,
            headers: vec![text("Content-Encoding", "deflate"), text(name, &value)],
            body: sent.clone(),
        };
        let asked = Asked::get("/page");
        let (without, theirs) = verdicts(&asked, &answer);
        let gateway = Gateway {
            root: RootKey::new(key().public_key()),
            freshness: Freshness::AnyAge,
            minimum: Version::V1,
        };
        let ours = answer.ours(|answer| {
            let response = Response {
                decoded_body: Some(plain),
                ..*answer
            };
            asked.ours(|asked| gateway.verify(CANISTER, asked, &response).is_ok())
        });
        assert_eq!((ours, theirs.is_ok()), (expected, expected));
        assert_eq!(without.is_ok(), certified == sent);
    }
}

/// GW-066: parameters are named exactly, says the specification. The peer (4.0.1) compares without regard to case, so that
/// it certifies a parameter more.
#[test]
fn the_peer_ignores_the_case_of_parameters() {
    let asked = Asked::get("/?Q=1");
    let selection = RequestSelection {
        headers: vec![],
        query: vec!["q".to_owned()],
    };
    let theirs = ic_http_certification::cel::DefaultRequestCertification::new(vec![], vec!["q"]);
    let theirs = ic_http_certification::request_hash(&asked.theirs(), &theirs).expect("a URL");
    let ours = |asked: &Asked| asked.ours(|asked| request_hash(asked, &selection));
    assert_ne!(ours(&asked).as_bytes(), &theirs);
    assert_eq!(ours(&Asked::get("/")), ours(&asked));
}

/// GW-093, CERT-022: where the tree does not say whether a path has a body of its own, it proves nothing about the path. The
/// peer (4.0.1) takes the index for it, so that a node may show the index instead of any page.
#[test]
fn the_peer_shows_the_index_for_hidden_pages() {
    let mut tree = ResponseTree::new();
    tree.insert_body("/page", b"a page");
    tree.insert_body("/index.html", b"index");
    tree.insert_body("/zoo", b"a zoo");
    let certificate = certificate(*tree.digest().as_bytes());
    let (name, value) = tree
        .body_header("/index.html", &certificate)
        .expect("it is there");
    let index = Answer {
        status: 200,
        headers: vec![text(name, &value)],
        body: b"index".to_vec(),
    };
    assert!(agree(&Asked::get("/index.html"), &index));
    let (ours, theirs) = verdicts(&Asked::get("/zoo"), &index);
    assert_eq!(ours, Err(HttpError::BodyNotShown));
    assert_eq!(theirs, Ok(1));
}

/// GW-040, CEL: what the peer builds, it builds of one kind.
#[test]
fn nothing_certified() {
    let text = Expression::Nothing.to_text();
    let theirs: CelExpression<'_> = DefaultCelBuilder::skip_certification();
    assert_eq!(text, Ok(theirs.to_string()));
}
