//! Expressions, paths and hashes of HTTP certification, by the examples of the specification.
#![allow(clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "shared with other tests")]
mod rows;

use ic_certification::http::{
    Expression, ExpressionError, ExpressionPath, PathError, Request, RequestSelection, Response,
    ResponseSelection, request_hash, response_hash,
};
use ic_types::Digest;
use rows::bytes;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// GW-060 to GW-067, GW-130 to GW-133.
#[test]
fn requests() {
    let headers = [
        ("Accept-Language", "en"),
        ("Accept-Language", "en-US"),
        ("Host", "https://ic0.app"),
    ];
    let post = |url| Request {
        method: "POST",
        url,
        headers: &headers,
        body: &[0, 1, 2, 3, 4, 5, 6],
    };
    let long = "/?q=hello+world&name=foo&name=bar&color=purple#q=fragment";
    for (request, certified, query, hash) in [
        (
            post("/"),
            &["host"][..],
            &[][..],
            "10796453466efb3e333891136b8a5931269f77e40ead9d437fcee94a02fa833c",
        ),
        (
            post(long),
            &["HOST"],
            &["q", "name"],
            "3ade1c9054f05bc8bcebd3fd7b884078a6e67c63e5ac4a639fa46a47f5a955c9",
        ),
        (
            post("/?color=purple"),
            &["host"],
            &["q"],
            "10796453466efb3e333891136b8a5931269f77e40ead9d437fcee94a02fa833c",
        ),
        (
            Request::get("/"),
            &[],
            &[],
            "6bc74eda155eb1976f8683d41bc7f8e5b6e9dd02b4b51d038dcb3fee3637ac69",
        ),
        (
            Request::get("/?a=1&b=2"),
            &[],
            &["a", "b"],
            "dd45136b89f877271b70475fba164416f22ce164f081e1e5247efc000f6c4a89",
        ),
    ] {
        let selection = RequestSelection {
            headers: names(certified),
            query: names(query),
        };
        assert_eq!(
            request_hash(&request, &selection).to_string(),
            hash,
            "{request:?}"
        );
    }
}

/// GW-070 to GW-074, GW-134 to GW-137.
#[test]
fn responses() {
    let only = |header: &str| Expression::Response(ResponseSelection::Only(names(&[header])));
    let text = only("Content-Type").to_text().unwrap();
    assert_eq!(
        text,
        "default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},\
         response_certification:ResponseCertification{certified_response_headers:ResponseHeaderList{headers:\
         [\"Content-Type\"]}}}})"
    );
    assert_eq!(
        Digest::of(text.as_bytes()).to_string(),
        "4961cfda340af1a41a033e30ce268e1132b8c6dbc46c8317de6b8c23a345cf1f"
    );
    let nothing = Expression::Nothing.to_text().unwrap();
    assert_eq!(
        Digest::of(nothing.as_bytes()).to_string(),
        "c31abadbd0b059f9d464fd6df4da9e2dc087ae7d0b40468d337226d413b33723"
    );

    let html = [
        ("content-type", "text/html"),
        ("ic-certificateexpression", "of the canister"),
        ("x-free", "1"),
    ];
    let hash = response_hash(
        &Response::new(200, &html, b"hello"),
        only("Content-Type").response().unwrap(),
        &text,
    );
    assert_eq!(
        hash.to_string(),
        "a549175f48be61b01e59281edd07d85f619b6264118dd8716e23572dcdc30cfa"
    );
    let twice = [("x-a", "1"), ("X-A", "2")];
    let expression = only("x-a");
    let hash = response_hash(
        &Response::new(404, &twice, b""),
        expression.response().unwrap(),
        &expression.to_text().unwrap(),
    );
    assert_eq!(
        hash.to_string(),
        "d68f4ab626c027190169b3dd2d65bb05c79c26c4e0794008f29d0f753e63a699"
    );
}

/// GW-061, GW-071, GW-072: however many names there are, letters of either case are the same.
#[test]
fn many_names() {
    let names: Vec<String> = (0..20).map(|number| format!("X-Name-{number}")).collect();
    let headers = [("x-name-0", "a"), ("X-NAME-7", "b"), ("x-other", "c")];
    let response = Response::new(200, &headers, b"");
    let few = Response::new(200, &headers[..2], b"");
    let hash = |response, names: &[String]| {
        response_hash(response, &ResponseSelection::Only(names.to_vec()), "")
    };
    assert_eq!(hash(&response, &names), hash(&few, &names));
    for count in [8, 9, 20] {
        assert_eq!(hash(&response, &names[..count]), hash(&response, &names));
        let but = ResponseSelection::AllBut(names[..count].to_vec());
        let others = Response::new(200, &headers[2..], b"");
        assert_eq!(
            response_hash(&response, &but, ""),
            response_hash(&others, &but, "")
        );
    }
    assert_ne!(hash(&response, &names[..7]), hash(&response, &names));
}

/// GW-031, GW-040 to GW-042 (decision 0051), GW-138, GW-139.
#[test]
fn paths() {
    for (path, hex) in [
        (
            ExpressionPath::wildcard("/"),
            "d9d9f78269687474705f65787072633c2a3e",
        ),
        (
            ExpressionPath::exact("/"),
            "d9d9f78369687474705f6578707260633c243e",
        ),
    ] {
        let path = path.unwrap();
        assert_eq!(path.encode(), bytes(hex));
        assert_eq!(ExpressionPath::decode(&bytes(hex)), Ok(path));
    }
    let labels = |path: ExpressionPath| path.to_string();
    for (url, expected) in [
        ("/app", r#"["http_expr", "app", "<$>"]"#),
        ("/app/", r#"["http_expr", "app", "", "<$>"]"#),
        ("//a//b%20c?x=/y#/z", r#"["http_expr", "a", "b c", "<$>"]"#),
    ] {
        assert_eq!(labels(ExpressionPath::exact(url).unwrap()), expected);
    }
    assert_eq!(ExpressionPath::exact("app"), Err(PathError::NotAPath));
    assert_eq!(ExpressionPath::exact("/<*>/a"), Err(PathError::Terminator));
    for hex in [
        "8169687474705f65787072",             // no terminator
        "8369687474705f65787072633c2a3e6161", // in the middle
        "8369687474705f65787072633c2a3e633c243e",
    ] {
        assert_eq!(
            ExpressionPath::decode(&bytes(hex)),
            Err(PathError::Terminator),
            "{hex}"
        );
    }
    assert_eq!(
        ExpressionPath::decode(&bytes("81633c243e")),
        Err(PathError::Root)
    );
    let long = "/a".repeat(1000);
    assert!(matches!(
        ExpressionPath::exact(&long),
        Err(PathError::TooManySegments { .. })
    ));
}

/// GW-043, GW-044: what comes before a wildcard.
#[test]
fn precedence() {
    let more_specific = |path: &str, url| {
        let path = ExpressionPath::wildcard(path).unwrap();
        let places = path.more_specific(url).unwrap();
        places.map(|place| place.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        more_specific("/", "/a/b/"),
        [
            r#"["http_expr", "a", "b", "", "<$>"]"#,
            r#"["http_expr", "a", "b", "", "<*>"]"#,
            r#"["http_expr", "a", "b", "<*>"]"#,
            r#"["http_expr", "a", "", "<*>"]"#,
            r#"["http_expr", "a", "<*>"]"#,
            r#"["http_expr", "", "<*>"]"#,
        ]
    );
    // A wildcard below a slash that the URL lacks answers after all that the URL does begin with, and precedes nothing.
    assert_eq!(
        more_specific("/a/", "/a"),
        [
            r#"["http_expr", "a", "<$>"]"#,
            r#"["http_expr", "a", "<*>"]"#
        ]
    );
    assert_eq!(more_specific("/a", "/a"), [r#"["http_expr", "a", "<$>"]"#]);
    assert_eq!(
        more_specific("/", "/a"),
        [
            r#"["http_expr", "a", "<$>"]"#,
            r#"["http_expr", "a", "<*>"]"#,
            r#"["http_expr", "", "<*>"]"#,
        ]
    );
    // Twice as many as segments, and each has up to all of them: they are made one by one.
    let long = "/a".repeat(200);
    let places = ExpressionPath::wildcard("/").unwrap();
    let mut places = places.more_specific(&long).unwrap();
    assert_eq!(places.len(), 401);
    assert_eq!(places.next(), ExpressionPath::exact(&long).ok());
    assert_eq!(places.next(), ExpressionPath::wildcard(&long).ok());
    assert_eq!(
        places.last(),
        ExpressionPath::decode(&bytes("8369687474705f6578707260633c2a3e")).ok()
    );
    let wildcard = ExpressionPath::wildcard("/a/b").unwrap();
    for (url, expected) in [
        ("/a/b", true),
        ("/a/b/c", true),
        ("/a", false),
        ("/a/bc", false),
    ] {
        assert_eq!(wildcard.matches(url), Ok(expected), "{url}");
    }
    let exact = ExpressionPath::exact("/a/b").unwrap();
    for (url, expected) in [("/a/b?c", true), ("/a/b/", false), ("/a/b/c", false)] {
        assert_eq!(exact.matches(url), Ok(expected), "{url}");
    }
}

/// GW-057: each message of the model is one value here, and has one text; of each choice there is exactly one part.
#[test]
fn gw_057_the_model_of_expressions() {
    let request = RequestSelection {
        headers: names(&["Accept"]),
        query: vec![],
    };
    let list = r#"ResponseHeaderList{headers:["a"]}"#;
    let (only, all_but) = (
        format!("certified_response_headers:{list}"),
        format!("response_header_exclusions:{list}"),
    );
    let none = "no_request_certification:Empty{}";
    let some = r#"request_certification:RequestCertification{certified_request_headers:["Accept"],certified_query_parameters:[]}"#;
    let whole = |certification: &str| {
        format!(
            "default_certification(ValidationArgs{{certification:Certification{{{certification}}}}})"
        )
    };
    let both = |request: &str, response: &str| {
        whole(&format!(
            "{request},response_certification:ResponseCertification{{{response}}}"
        ))
    };
    let selections = [
        (&only, ResponseSelection::Only(names(&["a"]))),
        (&all_but, ResponseSelection::AllBut(names(&["a"]))),
    ];
    for (text, response) in selections {
        let without = Expression::Response(response.clone());
        assert_eq!(without.to_text(), Ok(both(none, text)));
        let with = Expression::RequestAndResponse {
            request: request.clone(),
            response,
        };
        assert_eq!(with.to_text(), Ok(both(some, text)));
        for expression in [with, without] {
            let text = expression.to_text().unwrap();
            assert_eq!(Expression::parse(&text), Ok(expression));
        }
    }
    let nothing = "default_certification(ValidationArgs{no_certification:Empty{}})";
    assert_eq!(Expression::parse(nothing), Ok(Expression::Nothing));
    for text in [
        // Neither or both of a choice.
        both("", &only),
        both(&format!("{none},{some}"), &only),
        both(none, ""),
        both(none, &format!("{only},{all_but}")),
        whole(none),
        "default_certification(ValidationArgs{})".to_owned(),
        nothing.replace(
            "Empty{}",
            &format!("Empty{{}},certification:Certification{{{none}}}"),
        ),
        // A part in the place of another.
        both(none, none),
        both(&only, &only),
        nothing.replace("no_certification", "no_request_certification"),
    ] {
        assert!(Expression::parse(&text).is_err(), "{text}");
    }
}

/// GW-050 to GW-055.
#[test]
fn expressions() {
    let both = Expression::RequestAndResponse {
        request: RequestSelection {
            headers: names(&["Accept", "Host"]),
            query: names(&["id"]),
        },
        response: ResponseSelection::AllBut(names(&["Date"])),
    };
    for expression in [
        Expression::Nothing,
        both.clone(),
        Expression::Response(ResponseSelection::AllBut(vec![])),
    ] {
        let text = expression.to_text().unwrap();
        assert_eq!(Expression::parse(&text), Ok(expression.clone()));
        // GW-054
        let spaced = text.replace(',', " ,\n").replace('{', " {\t");
        assert_eq!(Expression::parse(&spaced), Ok(expression));
        for (end, _) in text.char_indices() {
            let cut = text.get(..end).unwrap();
            assert!(matches!(
                Expression::parse(cut),
                Err(ExpressionError::Unexpected { .. })
            ));
        }
        assert!(matches!(
            Expression::parse(&format!("{text})")),
            Err(ExpressionError::Unexpected { expected: "the end", position }) if position == text.len()
        ));
    }
    let text = both.to_text().unwrap();
    for reserved in ["IC-Certificate", "ic-certificateexpression"] {
        assert_eq!(
            Expression::parse(&text.replace("Date", reserved)),
            Err(ExpressionError::ReservedHeader {
                name: reserved.into()
            })
        );
        let selection = ResponseSelection::Only(names(&[reserved]));
        assert!(Expression::Response(selection).to_text().is_err());
    }
    let quoted = ResponseSelection::Only(names(&["a\",\"b"]));
    assert!(matches!(
        Expression::Response(quoted).to_text(),
        Err(ExpressionError::Name { .. })
    ));
    assert!(matches!(
        Expression::parse(&" ".repeat(1 << 20)),
        Err(ExpressionError::TooLong { .. })
    ));
}
