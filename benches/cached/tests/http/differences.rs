//! Where the peer is laxer or stricter, or the two just differ.

use ic_certification::http::{
    Base64Error, Expression, ExpressionError, Gateway, HeaderError, HttpError, RequestSelection,
    Response, ResponseSelection, ResponseTree, Version, request_hash, response_hash,
};
use ic_certification::{Freshness, LabeledTree, RootKey};
use ic_http_certification::utils::add_v2_certificate_header;
use ic_http_certification::{CelExpression, DefaultCelBuilder, HttpCertificationPath};
use ic_types::codec::Wire;
use ic_types::{Digest, Path};

use crate::peers::*;
use crate::sites::*;

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
