//! Random requests, expressions and sites, certified by us and by the peer.

use ic_certification::http::{
    Expression, ExpressionPath, RequestSelection, ResponseSelection, ResponseTree,
};
use ic_http_certification::utils::add_v2_certificate_header;
use ic_http_certification::{
    DefaultCelBuilder, DefaultResponseCertification, HttpCertification, HttpCertificationPath,
    HttpCertificationTree, HttpCertificationTreeEntry,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::peers::*;

/// A name of a header or a parameter: these letters only, since the peer's parser takes no others (see below).
pub fn name() -> impl Strategy<Value = String> {
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

pub fn names() -> impl Strategy<Value = Vec<String>> {
    vec(name(), 0..4)
}

pub fn headers() -> impl Strategy<Value = Headers> {
    vec((name(), "[ -~]{0,8}"), 0..5)
}

pub fn expression() -> impl Strategy<Value = Expression> {
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

pub fn list(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

pub fn peer_response(selection: &ResponseSelection) -> DefaultResponseCertification<'_> {
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
pub fn peer_certification(
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
pub fn path() -> impl Strategy<Value = String> {
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

pub fn query() -> impl Strategy<Value = String> {
    let part = select(vec!["q=1", "q=2", "page=a%20b", "x-a", "other=3", "", "q"]);
    vec(part, 0..4).prop_map(|parts| {
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", parts.join("&"))
        }
    })
}

pub fn asked() -> impl Strategy<Value = Asked> {
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

pub fn answer() -> impl Strategy<Value = Answer> {
    let status = select(vec![200, 206, 301, 304, 404, 503]);
    (status, headers(), vec(any::<u8>(), 0..20)).prop_map(|(status, headers, body)| Answer {
        status,
        headers,
        body,
    })
}

/// Something that a site has.
#[derive(Clone, Debug)]
pub struct Page {
    pub asked: Asked,
    pub wildcard: bool,
    pub expression: Expression,
    pub answer: Answer,
}

pub fn page() -> impl Strategy<Value = Page> {
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
    pub fn path(&self) -> ExpressionPath {
        let path = if self.wildcard {
            ExpressionPath::wildcard(&self.asked.url)
        } else {
            ExpressionPath::exact(&self.asked.url)
        };
        path.expect("a path")
    }

    pub fn peer_path(&self) -> HttpCertificationPath<'static> {
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

pub fn text(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What a page is shown with for some URL: by us, and by the peer.
pub fn shown(pages: &[Page]) -> Vec<(usize, String, Answer)> {
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
