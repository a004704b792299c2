//! HTTP responses that others certified (GW-010 to GW-023, GW-040 to GW-095), and changes of them.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "shared with other tests")]
mod rows;

use std::time::Duration;

use ic_certification::http::{
    Base64Error, Certified, Expression, Gateway, HeaderError, HttpError, Request, Response,
    Verdict, Version,
};
use ic_certification::{CertificateError, Freshness, RootKey};
use ic_types::{CanisterId, Time};
use rows::{bytes, text};

/// The lines of a case: names and values.
struct Case<'a> {
    name: &'a str,
    lines: Vec<(&'a str, &'a str)>,
}

impl<'a> Case<'a> {
    fn get(&self, name: &str) -> &'a str {
        self.all(name).next().unwrap_or_else(|| panic!("{name}"))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| *value)
    }

    fn headers(&self, name: &str) -> Vec<(&'a str, &'a str)> {
        self.all(name)
            .map(|header| header.split_once(": ").unwrap())
            .collect()
    }

    fn verify(&self, root: &RootKey) -> Result<Verdict, HttpError> {
        let (of_request, of_response) = (self.headers("request-header"), self.headers("header"));
        let body = bytes(self.get("body"));
        let request = Request {
            method: self.get("method"),
            url: self.get("url"),
            headers: &of_request,
            body: &[],
        };
        let status = self.get("status").parse().unwrap();
        let response = Response::new(status, &of_response, &body);
        let gateway = Gateway {
            root: root.clone(),
            freshness: Freshness::Within {
                now: Time::from_nanos(self.get("now").parse().unwrap()),
                tolerance: Duration::from_nanos(self.get("tolerance").parse().unwrap()),
            },
            minimum: match self.get("minimum") {
                "1" => Version::V1,
                _ => Version::V2,
            },
        };
        let canister: CanisterId = self.get("canister").parse().unwrap();
        let verdict = gateway.verify(canister, &request, &response)?;
        // What is not certified is not passed on (GW-076).
        let certified: Vec<&str> = verdict
            .headers(&response)
            .iter()
            .map(|(name, _)| *name)
            .collect();
        for free in ["Date", "X-Free", "IC-Certificate"] {
            assert!(!certified.contains(&free), "{}: {free}", self.name);
        }
        Ok(verdict)
    }
}

fn cases(text: &str) -> (RootKey, Vec<Case<'_>>) {
    let (mut root, mut cases) = (None, Vec::<Case<'_>>::new());
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
    {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        match name {
            "root" => root = Some(RootKey::from_der(&bytes(value)).unwrap()),
            "case" => cases.push(Case {
                name: value,
                lines: vec![],
            }),
            _ => cases.last_mut().unwrap().lines.push((name, value)),
        }
    }
    (root.unwrap(), cases)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no word")]
fn word(answer: &Result<Verdict, HttpError>) -> &'static str {
    match answer {
        Ok(verdict) => match verdict.certified() {
            Certified::Expression { expression, .. } => match expression {
                Expression::Nothing => "accepted v2 nothing",
                Expression::Response(_) => "accepted v2 response",
                Expression::RequestAndResponse { .. } => "accepted v2 request",
            },
            _ => "accepted v1",
        },
        Err(HttpError::Certificate(CertificateError::Ahead { .. })) => "refused ahead",
        Err(HttpError::Certificate(CertificateError::Stale { .. })) => "refused stale",
        Err(HttpError::Certificate(CertificateError::OutOfRange { .. })) => "refused range",
        Err(HttpError::Certificate(CertificateError::Delegation(_))) => "refused delegation",
        Err(HttpError::Certificate(CertificateError::Signature(_))) => "refused signature",
        Err(HttpError::NoCertifiedData { .. }) => "refused no-data",
        Err(HttpError::Version { .. }) => "refused version",
        Err(HttpError::Header(HeaderError::MissingField { field: "tree" })) => "refused no-tree",
        Err(HttpError::OtherPath { .. }) => "refused path",
        Err(HttpError::OtherExpression { .. }) => "refused expression",
        Err(HttpError::OtherResponse { .. }) => "refused hash",
        Err(HttpError::OtherBody { .. }) => "refused body",
        Err(HttpError::BodyNotShown) => "refused not-shown",
        Err(_) => "refused otherwise",
    }
}

fn check(file: &str, count: usize) {
    let text = text(file);
    let (root, cases) = cases(&text);
    assert_eq!(cases.len(), count);
    for case in &cases {
        let answer = case.verify(&root);
        assert_eq!(
            word(&answer),
            case.get("expect"),
            "{}: {answer:?}",
            case.name
        );
    }
}

/// GW-090 to GW-095, GW-010, GW-011, GW-020 to GW-023, GW-092.
#[test]
fn of_the_public_network() {
    check("http/mainnet.txt", 10);
}

/// GW-012 to GW-018, GW-040 to GW-045, GW-061 to GW-063, GW-071 to GW-074, GW-076, GW-110, GW-111.
#[test]
fn made_by_others() {
    check("http/made.txt", 23);
}

/// GW-010, GW-030 to GW-033: any field of the header may be wrong; nothing that differs is accepted but letters that are
/// skipped.
#[test]
fn changed_headers() {
    let text = text("http/made.txt");
    let (root, cases) = cases(&text);
    let page = cases.into_iter().find(|case| case.name == "page").unwrap();
    let header = page
        .lines
        .iter()
        .position(|(_, value)| value.starts_with("IC-Certificate: "))
        .unwrap();
    let with = |change: &dyn Fn(&str) -> String| {
        let changed = change(page.lines[header].1);
        let mut lines = page.lines.clone();
        lines[header].1 = &changed;
        let case = Case {
            name: "changed",
            lines,
        };
        case.verify(&root)
    };
    for (expected, change) in [
        (
            HeaderError::MissingField {
                field: "certificate",
            },
            ("certificate=", "certificates="),
        ),
        (
            HeaderError::MissingField { field: "expr_path" },
            ("expr_path=", "path="),
        ),
        (
            HeaderError::Version { found: "3".into() },
            ("version=2", "version=3"),
        ),
        (
            HeaderError::Base64 {
                field: "tree",
                reason: Base64Error::Character { position: 0 },
            },
            ("tree=:2", "tree=:!"),
        ),
    ] {
        assert_eq!(
            with(&|header| header.replace(change.0, change.1)),
            Err(HttpError::Header(expected)),
            "{change:?}"
        );
    }
    // GW-031: colons are optional, unknown fields are skipped, the first of two counts. GW-033: so is case.
    for change in [(":", ""), (", tree", ",x=1,tree"), ("IC-C", "ic-c")] {
        let answer = with(&|header| {
            let (name, value) = header.split_once(": ").unwrap();
            let name = name.replace(change.0, change.1);
            format!("{name}: {}", value.replace(change.0, change.1))
        });
        assert_eq!(word(&answer), "accepted v2 response", "{change:?}");
    }
    let answer = with(&|header| format!("{header}, version=3, tree=:x:"));
    assert_eq!(word(&answer), "accepted v2 response");

    let mut lines = page.lines.clone();
    lines.push(lines[header]);
    let twice = Case {
        name: "twice",
        lines,
    };
    assert_eq!(
        twice.verify(&root),
        Err(HttpError::RepeatedHeader {
            name: "IC-Certificate"
        })
    );
}
