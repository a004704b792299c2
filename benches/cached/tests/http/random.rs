//! What is equal on all of them.

use ic_certification::http::{Expression, ResponseTree, request_hash, response_hash};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::peers::*;
use crate::sites::*;

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
