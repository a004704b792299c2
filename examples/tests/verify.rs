//! The binary `verify` over real certificates: those that should verify do, and each of the others is refused for a
//! reason of its own.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output};

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ic-certification/tests/vectors")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(vectors().join(name)).unwrap()
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text
        .lines()
        .filter(|row| !row.is_empty() && !row.starts_with(';'));
    rows.map(|row| row.split_whitespace().collect())
}

fn verify(arguments: &[&str]) -> (Option<i32>, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_verify"))
        .args(arguments)
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

fn file(name: &str) -> String {
    vectors()
        .join("certificates")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_vector_gets_its_verdict() {
    let keys = text("root_keys.txt");
    for row in rows(&text("certificates.txt")) {
        let [
            name,
            _kind,
            root,
            subject,
            time,
            _tree,
            delegation,
            expected,
        ] = row[..]
        else {
            panic!("{row:?}")
        };
        let key = rows(&keys).find(|key| key[0] == root).unwrap()[1];
        let root_subnet = "tdb26-jop6k-aogll-7ltgs-eruif-6kk7m-qpktf-gdiqx-mxtrf-vb5e6-eqe";
        let (option, id) = match (subject, delegation) {
            ("-", "-") => ("--subnet", root_subnet),
            ("-", subnet) => ("--subnet", subnet),
            (canister, _) if canister.ends_with("-cai") => ("--canister", canister),
            (subnet, _) => ("--subnet", subnet),
        };
        let path = file(name);
        let mut arguments = vec![option, id, "--time", time, "--path", "time", &path];
        if root != "mainnet" {
            arguments.extend(["--root-key", key]);
        }
        let (code, printed) = verify(&arguments);
        let (expected_code, reason) = match expected {
            "verified" => (0, "verified\n"),
            "signature_invalid" => (
                1,
                "refused: the signature of the certificate: invalid signature",
            ),
            "delegation_signature_invalid" => (
                1,
                "refused: the signature of the delegation: invalid signature",
            ),
            "nested_delegation" => (
                1,
                "refused: the certificate in the delegation has a delegation itself",
            ),
            "canister_not_in_ranges" => (1, "does not speak for canister"),
            "no_canister_ranges_in_delegation" => {
                (1, "the certificate shows no canister ranges of subnet")
            }
            "truncated" => (
                1,
                "refused: not a certificate: the input ends within the value",
            ),
            other => panic!("{other}"),
        };
        assert_eq!(code, Some(expected_code), "{name}: {printed}");
        assert!(printed.contains(reason), "{name}: {printed}");
        if expected == "verified" {
            assert!(
                printed.contains(&format!("({time} ns)")),
                "{name}: {printed}"
            );
        }
    }
}

#[test]
fn values_are_shown() {
    let path = file("mainnet_ivg37_read_state_v2.cbor");
    let request =
        "request_status/0xedad510eaaa08ed2acd4781324e6446269da6753ec17760f206bbe81c465ff52";
    let fields =
        ["status", "reject_code", "reject_message"].map(|field| format!("{request}/{field}"));
    let (code, printed) = verify(&[
        "--canister",
        "ivg37-qiaaa-aaaab-aaaga-cai",
        "--any-age",
        "--path",
        &fields[0],
        "--path",
        &fields[1],
        "--path",
        &fields[2],
        "--path",
        request,
        "--path",
        "zero",
        "--path",
        "canister/ivg37-qiaaa-aaaab-aaaga-cai/module_hash",
        &path,
    ]);
    assert_eq!(code, Some(0), "{printed}");
    for line in [
        "subnet      qxesv-zoxpm-vc64m-zxguk-5sj74-35vrb-tbgwg-pcird-5gr26-62oxl-cae",
        "time        2022-02-23T07:38:00.652705378Z (1645601880652705378 ns)",
        "delegation  by the root subnet, 2022-02-17T10:17:49.668",
        "/status  \"rejected\"",
        "/reject_code  3",
        "/reject_message  \"Canister ivg37-qiaaa-aaaab-aaaga-cai has no update method 'register'\"",
        "    reject_message\n",
        "/zero  absent: the certificate proves that nothing is there",
        "/module_hash  unknown: the certificate does not show it",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
}

#[test]
fn what_is_old_is_refused() {
    let path = file("mainnet_sample_2022.cbor");
    let canister = ["--canister", "ivg37-qiaaa-aaaab-aaaga-cai"];
    let (code, printed) = verify(&[canister[0], canister[1], &path]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("refused: certified at 1645601880652705378 ns, more than 300s before"),
        "{printed}"
    );
}

#[test]
fn the_root_key_may_be_in_a_file() {
    let keys = text("root_keys.txt");
    let key = rows(&keys)
        .find(|key| key[0] == "identity-testnet")
        .unwrap()[1];
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (hex, der) = (
        directory.join("root_key.hex"),
        directory.join("root_key.der"),
    );
    let bytes: Vec<u8> = (0..key.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap())
        .collect();
    std::fs::write(&hex, format!("{key}\n")).unwrap();
    std::fs::write(&der, bytes).unwrap();
    let path = file("identity_testnet_2022.cbor");
    for root in [hex, der] {
        let canister = "5v3p4-iyaaa-aaaaa-qaaaa-cai";
        let (code, printed) = verify(&[
            "--root-key",
            root.to_str().unwrap(),
            "--canister",
            canister,
            "--any-age",
            &path,
        ]);
        assert_eq!(code, Some(0), "{printed}");
    }
}

#[test]
fn usage() {
    let path = file("mainnet_sample_2022.cbor");
    let canister = "ivg37-qiaaa-aaaab-aaaga-cai";
    for arguments in [
        &[][..],
        &["--any-age", &path],
        &["--canister", canister],
        &["--canister", "not-a-canister", &path],
        &["--canister", canister, "--subnet", canister, &path],
        &["--canister", canister, "--time", "1", "--any-age", &path],
        &["--canister", canister, "--root-key", "00", &path],
        &["--canister", canister, "--any-age", "--path", "0xzz", &path],
        &["--canister", canister, "--any-age", "no-such-file.cbor"],
    ] {
        let (code, printed) = verify(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {printed}");
    }
}
