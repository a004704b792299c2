//! A canister certifies responses, and a gateway who knows the root key only passes them on.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod gateway;

use std::time::Duration;

use gateway::{CANISTER, certify, certify_by_delegation, gateway, root};
use ic_certification::http::{
    BuildError, CertificateHeader, Entry, Expression, ExpressionPath, Gateway, HttpError,
    PathError, Request, RequestSelection, Response, ResponseSelection, ResponseTree, Verdict,
    Version, verify_with,
};
use ic_certification::{Certificate, CertificateError, Freshness, RootKey, Subject};
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest, Time};
use proptest::prelude::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn response_only() -> Expression {
    Expression::Response(ResponseSelection::AllBut(names(&["Date"])))
}

/// A site with one page, at `/`.
fn front_page(response: &Response<'_>) -> (ResponseTree, Entry) {
    let mut tree = ResponseTree::new();
    let path = ExpressionPath::exact("/").unwrap();
    let entry = tree.insert(path, &response_only(), None, response).unwrap();
    (tree, entry)
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// What the gateway says of a response with the headers that the canister adds.
fn answer(
    tree: &ResponseTree,
    entry: &Entry,
    request: &Request<'_>,
    response: &Response<'_>,
) -> Result<Verdict, HttpError> {
    let added = tree
        .headers(entry, request.url, &certify(tree.digest()))
        .unwrap();
    let mut headers = response.headers.to_vec();
    headers.extend(borrowed(&added));
    let response = Response {
        headers: &headers,
        ..*response
    };
    gateway().verify(CANISTER, request, &response)
}

/// GW-016, GW-043, GW-044, GW-110, GW-111: pages, redirects and what is shown where nothing is.
#[test]
fn a_site() {
    let page = Response::new(200, &[("Content-Type", "text/html")], b"<p>a page</p>");
    let redirect = Response::new(301, &[("Location", "/page.html")], b"");
    let missing = Response::new(404, &[], b"nothing here");
    let free = Response::new(200, &[], b"whatever");
    let app = Response::new(200, &[], b"the app");

    let mut tree = ResponseTree::new();
    let mut insert = |path: Result<ExpressionPath, _>, expression: &Expression, response| {
        tree.insert(path.unwrap(), expression, None, response)
            .unwrap()
    };
    let expression = response_only();
    let page_entry = insert(ExpressionPath::exact("/page.html"), &expression, &page);
    let redirect_entry = insert(ExpressionPath::exact("/"), &expression, &redirect);
    let missing_entry = insert(ExpressionPath::wildcard("/"), &expression, &missing);
    let free_entry = insert(ExpressionPath::exact("/free"), &Expression::Nothing, &free);
    let app_entry = insert(ExpressionPath::wildcard("/app/"), &expression, &app);

    for (entry, url, response) in [
        (&page_entry, "/page.html?a=b", &page),
        (&redirect_entry, "/", &redirect),
        (&missing_entry, "/none", &missing),
        (&missing_entry, "/page.html/below", &missing),
        (&free_entry, "/free", &missing),
        (&app_entry, "/app", &app),
        (&app_entry, "/app/a/b/c", &app),
    ] {
        let verdict = answer(&tree, entry, &Request::get(url), response)
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(verdict.version(), Version::V2);
        assert_eq!(verdict.time(), Time::from_nanos(7));
        assert_eq!(verdict.request(), None);
        let certified = entry != &free_entry;
        assert_eq!((verdict.body(), verdict.status()), (certified, certified));
        assert_eq!(
            verdict.headers(response),
            if certified { response.headers } else { &[] }
        );
    }

    // A status, a header and a body that were not certified.
    for changed in [
        Response {
            status: 302,
            ..redirect
        },
        Response {
            headers: &[("Location", "/elsewhere")],
            ..redirect
        },
        Response {
            headers: &[("Location", "/page.html"), ("Set-Cookie", "a=b")],
            ..redirect
        },
        Response {
            body: b"a body",
            ..redirect
        },
    ] {
        assert!(matches!(
            answer(&tree, &redirect_entry, &Request::get("/"), &changed),
            Err(HttpError::OtherResponse { request: None, .. })
        ));
    }
    let dated = [("Location", "/page.html"), ("date", "today")];
    let dated = Response {
        headers: &dated,
        ..redirect
    };
    assert!(answer(&tree, &redirect_entry, &Request::get("/"), &dated).is_ok());

    // The canister does not show what something more specific hides.
    let certificate = certify(tree.digest());
    assert_eq!(
        tree.headers(&missing_entry, "/page.html", &certificate),
        Err(BuildError::MoreSpecific {
            path: missing_entry.path().clone(),
            other: page_entry.path().clone(),
        })
    );
    assert!(matches!(
        tree.headers(&page_entry, "/other", &certificate),
        Err(BuildError::OtherPath { .. })
    ));
    assert!(tree.remove(&page_entry));
    assert!(!tree.remove(&page_entry));
    assert_eq!(
        tree.headers(&page_entry, "/page.html", &certificate),
        Err(BuildError::Absent)
    );
    assert!(answer(&tree, &missing_entry, &Request::get("/page.html"), &missing).is_ok());
}

/// GW-044: a node hides a page behind what is shown where nothing is.
#[test]
fn a_hidden_page() {
    let missing = Response::new(404, &[], b"nothing here");
    let page = Response::new(200, &[], b"a page");
    let mut tree = ResponseTree::new();
    let mut insert = |path: ExpressionPath, response| {
        tree.insert(path, &response_only(), None, response).unwrap()
    };
    let entry = insert(ExpressionPath::wildcard("/").unwrap(), &missing);
    insert(ExpressionPath::exact("/page").unwrap(), &page);
    insert(ExpressionPath::exact("/zoo").unwrap(), &page);
    // Genuine headers for another path, which prove nothing about this one.
    let headers = tree
        .headers(&entry, "/none", &certify(tree.digest()))
        .unwrap();
    let headers = borrowed(&headers);
    let missing = Response {
        headers: &headers,
        ..missing
    };
    let verify = |url| gateway().verify(CANISTER, &Request::get(url), &missing);
    assert!(verify("/none").is_ok());
    assert!(matches!(
        verify("/page"),
        Err(HttpError::MoreSpecific { .. })
    ));
    assert!(matches!(
        verify("/zoo"),
        Err(HttpError::MoreSpecific { shown: false, .. })
    ));
}

/// GW-041 (decision 0051): the URL is percent-encoded, what is in the tree is not. A page whose name looks encoded is
/// not the one whose URL looks like that name.
#[test]
fn encoded_urls() {
    let mut tree = ResponseTree::new();
    let named = |body| Response::new(200, &[], body);
    let mut insert = |url: &str, body| {
        let path = ExpressionPath::exact(url).unwrap();
        tree.insert(path, &response_only(), None, &named(body))
            .unwrap()
    };
    let spaced = insert("/a%20page/%c3%bc.html", b"spaced");
    let encoded = insert("/a%2520page/%25C3%25BC.html", b"encoded");
    let percent = insert("/100%", b"percent");
    assert_eq!(
        spaced.path().labels().collect::<Vec<_>>(),
        ["http_expr", "a page", "ü.html", "<$>"]
    );
    assert_eq!(
        encoded.path().labels().collect::<Vec<_>>(),
        ["http_expr", "a%20page", "%C3%BC.html", "<$>"]
    );
    for (entry, url, body) in [
        (&spaced, "/a%20page/%C3%BC.html", &b"spaced"[..]),
        (&spaced, "/a%20page%2f%C3%BC.html?%2f#%2f", b"spaced"),
        (&spaced, "/a page/ü.html", b"spaced"),
        (&encoded, "/a%2520page/%25C3%25BC.html", b"encoded"),
        (&percent, "/100%", b"percent"),
        (&percent, "/%3100%25", b"percent"),
    ] {
        let verdict = answer(&tree, entry, &Request::get(url), &named(body));
        assert!(verdict.is_ok(), "{url}: {verdict:?}");
    }
    let certificate = certify(tree.digest());
    for (entry, url) in [
        (&encoded, "/a%20page/%C3%BC.html"),
        (&spaced, "/a%2520page/%25C3%25BC.html"),
        (&percent, "/10%30%2525"),
    ] {
        let path = entry.path().clone();
        assert_eq!(
            tree.headers(entry, url, &certificate),
            Err(BuildError::OtherPath { path }),
            "{url}"
        );
    }
    assert_eq!(
        ExpressionPath::exact("/a%ff"),
        Err(PathError::NotUtf8),
        "no label of text"
    );
    // Encoded or not, a terminator is none in the middle (GW-040).
    for url in ["/<$>", "/%3C$%3E", "/a/%3c%2A%3e/b"] {
        assert_eq!(ExpressionPath::exact(url), Err(PathError::Terminator));
    }
}

/// GW-018, GW-019, GW-056: an answer to one request is none to another.
#[test]
fn requests() {
    let expression = Expression::RequestAndResponse {
        request: RequestSelection {
            headers: names(&["Accept"]),
            query: names(&["id"]),
        },
        response: ResponseSelection::Only(names(&["Content-Type"])),
    };
    let headers = [("accept", "text/plain"), ("Cookie", "free")];
    let request = Request {
        method: "POST",
        url: "/item?id=7&free=1",
        headers: &headers,
        body: b"question",
    };
    let response = Response::new(200, &[("Content-Type", "text/plain")], b"answer");
    let path = ExpressionPath::exact("/item").unwrap();
    let mut tree = ResponseTree::new();
    assert_eq!(
        tree.insert(path.clone(), &expression, None, &response),
        Err(BuildError::MissingRequest)
    );
    let entry = tree
        .insert(path.clone(), &expression, Some(&request), &response)
        .unwrap();
    // A second answer to the same request, and another expression at the same path.
    let other = Response {
        status: 404,
        ..response
    };
    let second = tree
        .insert(path.clone(), &expression, Some(&request), &other)
        .unwrap();
    tree.insert(path, &response_only(), None, &response)
        .unwrap();

    let verdict = answer(&tree, &entry, &request, &response).unwrap();
    assert_eq!(verdict.request(), expression.request());
    assert!(answer(&tree, &second, &request, &other).is_ok());
    for free in [
        Request {
            url: "/item?free=2&id=7#part",
            ..request
        },
        Request {
            headers: &headers[..1],
            ..request
        },
    ] {
        assert!(answer(&tree, &entry, &free, &response).is_ok(), "{free:?}");
    }
    for changed in [
        Request {
            method: "PUT",
            ..request
        },
        Request {
            url: "/item?id=8",
            ..request
        },
        Request {
            url: "/item?id=7&id=7",
            ..request
        },
        Request {
            headers: &[],
            ..request
        },
        Request {
            body: b"",
            ..request
        },
    ] {
        assert!(
            matches!(
                answer(&tree, &entry, &changed, &response),
                Err(HttpError::OtherResponse {
                    request: Some(_),
                    ..
                })
            ),
            "{changed:?}"
        );
    }
}

/// GW-020, GW-021, GW-022: a response is worth no more than its certificate: by the root key, of now, for this canister.
#[test]
fn certificates_are_checked() {
    let response = Response::new(200, &[], b"");
    let (tree, entry) = front_page(&response);
    let headers = tree.headers(&entry, "/", &certify(tree.digest())).unwrap();
    let verify = |gateway: &Gateway, headers: &[(&'static str, String)]| {
        let headers = borrowed(headers);
        let response = Response {
            headers: &headers,
            ..response
        };
        gateway.verify(CANISTER, &Request::get("/"), &response)
    };
    assert!(verify(&gateway(), &headers).is_ok());
    let stranger = Gateway {
        root: RootKey::mainnet(),
        ..gateway()
    };
    assert!(matches!(
        verify(&stranger, &headers),
        Err(HttpError::Certificate(CertificateError::Signature(_)))
    ));
    // Certified at 7 ns.
    let at = |now: u64, tolerance| {
        let freshness = Freshness::Within {
            now: Time::from_nanos(now),
            tolerance: Duration::from_nanos(tolerance),
        };
        let gateway = Gateway {
            freshness,
            ..gateway()
        };
        verify(&gateway, &headers)
    };
    assert!(at(9, 2).is_ok() && at(5, 2).is_ok());
    assert!(matches!(
        at(10, 2),
        Err(HttpError::Certificate(CertificateError::Stale { .. }))
    ));
    assert!(matches!(
        at(4, 2),
        Err(HttpError::Certificate(CertificateError::Ahead { .. }))
    ));

    // By delegation: for its own canisters, and for no others.
    for (first, last, expected) in [(0, 9, true), (7, 7, true), (8, 9, false)] {
        let certificate = certify_by_delegation(tree.digest(), first, last);
        let headers = tree.headers(&entry, "/", &certificate).unwrap();
        match verify(&gateway(), &headers) {
            Ok(_) => assert!(expected, "{first} to {last}"),
            Err(error) => assert!(
                !expected
                    && matches!(
                        error,
                        HttpError::Certificate(CertificateError::OutOfRange { .. })
                    ),
                "{first} to {last}: {error}"
            ),
        }
    }
}

/// GW-023: the right response with the certificate of other data.
#[test]
fn certificates() {
    let response = Response::new(200, &[], b"");
    let (tree, entry) = front_page(&response);
    let other = certify(Digest::of(b"other data"));
    let headers = tree.headers(&entry, "/", &other).unwrap();
    let headers = borrowed(&headers);
    let response = Response {
        headers: &headers,
        ..response
    };
    let request = Request::get("/");
    assert_eq!(
        gateway().verify(CANISTER, &request, &response),
        Err(HttpError::OtherTree {
            found: tree.digest()
        })
    );
    let canister = CanisterId::from_u64(8);
    assert_eq!(
        gateway().verify(canister, &request, &response),
        Err(HttpError::NoCertifiedData { canister })
    );
    // Who has a certificate that was verified already gives that.
    let good = Certificate::decode(&certify(tree.digest())).unwrap();
    let good = good
        .verify(&root(), Subject::Canister(CANISTER), Freshness::AnyAge)
        .unwrap();
    assert!(verify_with(CANISTER, &request, &response, Version::V2, |_| Ok(good)).is_ok());
}

proptest! {
    /// GW-010, GW-014: whatever the headers, the answer is a verdict or an error.
    #[test]
    fn any_headers(
        certificate in ".{0,200}|(certificate|tree|version|expr_path)=:?[A-Za-z0-9+/=,:]{0,99}",
        expression in ".{0,200}|default_certification\\(ValidationArgs\\{[a-zA-Z_:{}\\[\\]\",]{0,99}",
        url in ".{0,100}|/[a-z/%?&=#]{0,100}",
        version in prop::sample::select(vec!["", ",version=1", ",version=2"]),
    ) {
        prop_assert!(CertificateHeader::parse(&certificate).is_err());
        let _ = Expression::parse(&expression);
        for url in [url.as_str(), "/"] {
            let mut tree = ResponseTree::new();
            let response = Response::new(200, &[], b"");
            let Ok(path) = ExpressionPath::exact(url) else { continue };
            prop_assert_eq!(path.matches(url), Ok(true));
            prop_assert_eq!(ExpressionPath::decode(&path.encode()), Ok(path.clone()));
            let entry = tree.insert(path, &response_only(), None, &response).unwrap();
            // Certified for this URL, with headers as they come.
            prop_assert!(answer(&tree, &entry, &Request::get(url), &response).is_ok());
            let mixed = format!("{certificate}{version}");
            let headers = [("IC-Certificate", mixed.as_str()), ("IC-CertificateExpression", expression.as_str())];
            let response = Response { headers: &headers, ..response };
            prop_assert!(gateway().verify(CANISTER, &Request::get(url), &response).is_err());
        }
    }

    /// GW-040, GW-044: every wildcard above a path matches it, and is hidden by all that are longer.
    #[test]
    fn any_wildcard(segments in prop::collection::vec("[a-z]{1,3}", 0..5), slash in any::<bool>(), keep in 0_usize..5) {
        let url = |segments: &[String]| format!("/{}", segments.join("/"));
        let requested = url(&segments) + if slash && !segments.is_empty() { "/" } else { "" };
        let kept = keep.min(segments.len());
        let path = ExpressionPath::wildcard(&url(&segments[..kept])).unwrap();
        prop_assert_eq!(path.matches(&requested), Ok(true));
        let places: Vec<_> = path.more_specific(&requested).unwrap().collect();
        prop_assert!(!places.contains(&path));
        for place in &places {
            prop_assert_eq!(place.matches(&requested), Ok(true));
        }
        for longer in kept + 1..=segments.len() {
            let longer = ExpressionPath::wildcard(&url(&segments[..longer])).unwrap();
            prop_assert!(places.contains(&longer));
        }
    }
}
