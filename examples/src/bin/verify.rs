//! Checks a certificate and says what it shows: `verify --canister <id> certificate.cbor`.
//!
//! Exit code 0: verified. 1: refused, with the reason. 2: the command line makes no sense, or a file cannot be read.

use std::fmt::{self, Display};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser};
use ic_certification::{
    Certificate, CertificateError, Freshness, Lookup, RootKey, SubTreeLookup, Subject,
    VerifiedCertificate,
};
use ic_types::codec::{DecodeError, Wire, leb128};
use ic_types::response::ReadStateAnswer;
use ic_types::{CanisterId, Label, Path, Principal, SubnetId, Time};

/// Check a certificate of the Internet Computer and show what it certifies.
#[derive(Parser)]
#[command(name = "verify")]
struct Options {
    /// The key to trust, as a file or as hexadecimal digits of its DER form [default: the public network's]
    #[arg(long, value_name = "FILE-or-hex-DER")]
    root_key: Option<String>,
    #[command(flatten)]
    subject: SubjectOptions,
    /// The time to compare with, in nanoseconds since 1970 [default: now]
    #[arg(long, value_name = "NANOS", conflicts_with = "any_age")]
    time: Option<u64>,
    /// Accept a certificate however old it is; otherwise it may be five minutes off
    #[arg(long)]
    any_age: bool,
    /// A path to look up, such as `time` or `canister/<id>/module_hash`; bytes are written `0x..`
    #[arg(long = "path", value_name = "a/b/c")]
    paths: Vec<String>,
    /// A certificate, or an answer to read_state that holds one
    #[arg(value_name = "FILE.cbor")]
    file: PathBuf,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct SubjectOptions {
    /// The canister whose subnet has to have signed
    #[arg(long, value_name = "TEXT")]
    canister: Option<CanisterId>,
    /// The subnet that has to have signed
    #[arg(long, value_name = "TEXT")]
    subnet: Option<SubnetId>,
}

/// How far a certificate's time may be from ours.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

fn main() -> ExitCode {
    let options = Options::parse();
    let question = match Question::from_options(&options) {
        Ok(question) => question,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    match question.answer() {
        Ok(verified) => {
            print!(
                "{}",
                Report {
                    verified: &verified,
                    paths: &question.paths
                }
            );
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            println!("refused: {refusal}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks, once it makes sense.
struct Question {
    root: RootKey,
    subject: Subject,
    freshness: Freshness,
    paths: Vec<Path>,
    bytes: Vec<u8>,
}

impl Question {
    fn from_options(options: &Options) -> Result<Self, String> {
        let root = options
            .root_key
            .as_deref()
            .map_or_else(|| Ok(RootKey::mainnet()), root_key)?;
        let subject = match (options.subject.canister, options.subject.subnet) {
            (Some(canister), None) => Subject::Canister(canister),
            (None, Some(subnet)) => Subject::Subnet(subnet),
            (None, None) | (Some(_), Some(_)) => {
                return Err("exactly one of --canister and --subnet".into());
            }
        };
        let freshness = match (options.any_age, options.time) {
            (true, _) => Freshness::AnyAge,
            (false, Some(nanos)) => Freshness::Within {
                now: Time::from_nanos(nanos),
                tolerance: TOLERANCE,
            },
            (false, None) => Freshness::Within {
                now: now()?,
                tolerance: TOLERANCE,
            },
        };
        let paths = options
            .paths
            .iter()
            .map(|path| parse_path(path))
            .collect::<Result<_, _>>()?;
        let file = options.file.display();
        let bytes = fs::read(&options.file).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self {
            root,
            subject,
            freshness,
            paths,
            bytes,
        })
    }

    fn answer(&self) -> Result<VerifiedCertificate, Refusal> {
        let certificate = match ReadStateAnswer::decode(&self.bytes) {
            Ok(answer) => Certificate::decode(&answer.certificate)?,
            Err(_) => Certificate::decode(&self.bytes)?,
        };
        Ok(certificate.verify(&self.root, self.subject, self.freshness)?)
    }
}

/// Why the file proves nothing.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("not a certificate: {0}")]
    Malformed(#[from] DecodeError),
    #[error(transparent)]
    NotBelieved(#[from] CertificateError),
}

#[expect(
    clippy::disallowed_methods,
    reason = "here is the embedder, who has the clock"
)]
fn now() -> Result<Time, String> {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| error.to_string())?;
    Time::from_duration(since_epoch)
        .ok_or_else(|| "the clock is beyond the year 2554: use --time".into())
}

/// A root key from hexadecimal digits, or from a file with them or with the bytes.
fn root_key(text: &str) -> Result<RootKey, String> {
    let der = match from_hex(text) {
        Some(der) => der,
        None => {
            let content = fs::read(text).map_err(|error| format!("--root-key {text}: {error}"))?;
            let digits = str::from_utf8(&content)
                .ok()
                .and_then(|digits| from_hex(digits.trim()));
            digits.unwrap_or(content)
        }
    };
    RootKey::from_der(&der).map_err(|error| format!("--root-key: {error}"))
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    if digits.is_empty() {
        None
    } else {
        pairs.map(byte).collect()
    }
}

/// A path from text. Where the state tree has principals, they may be written as such.
fn parse_path(text: &str) -> Result<Path, String> {
    const BEFORE_PRINCIPALS: [&str; 5] = [
        "api_boundary_nodes",
        "canister",
        "canister_ranges",
        "node",
        "subnet",
    ];
    let mut before = "";
    let mut labels = Vec::new();
    for part in text.trim_matches('/').split('/') {
        let label = match part.strip_prefix("0x") {
            Some(digits) => Label::from(
                from_hex(digits).ok_or_else(|| format!("--path: {part} is not hexadecimal"))?,
            ),
            None => match part.parse::<Principal>() {
                Ok(principal) if BEFORE_PRINCIPALS.contains(&before) => {
                    Label::from(principal.as_slice())
                }
                Ok(_) | Err(_) => Label::from(part),
            },
        };
        labels.push(label);
        before = part;
    }
    Ok(Path::from(labels))
}

/// What is printed of a verified certificate.
struct Report<'a> {
    verified: &'a VerifiedCertificate,
    paths: &'a [Path],
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verified = self.verified;
        writeln!(f, "verified")?;
        writeln!(f, "  subnet      {}", verified.subnet())?;
        writeln!(f, "  time        {}", Moment(verified.time()))?;
        match verified.delegation() {
            None => writeln!(f, "  delegation  none: the root subnet signed")?,
            Some(delegation) => {
                write!(f, "  delegation  by the root subnet")?;
                if let Some(time) = delegation.time() {
                    write!(f, ", {}", Moment(time))?;
                }
                writeln!(f)?;
                match delegation.ranges() {
                    Ok(ranges) => {
                        for range in ranges {
                            writeln!(f, "    canisters {} to {}", range.start(), range.end())?;
                        }
                    }
                    Err(_) => writeln!(f, "    no canister ranges shown")?,
                }
            }
        }
        self.paths
            .iter()
            .try_for_each(|path| self.write_path(path, f))
    }
}

impl Report<'_> {
    fn write_path(&self, path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {path}  ")?;
        match self.verified.lookup(path.labels()) {
            Lookup::Found(value) => writeln!(f, "{}", Leaf { path, value }),
            Lookup::Absent => writeln!(f, "absent: the certificate proves that nothing is there"),
            Lookup::Unknown => writeln!(f, "unknown: the certificate does not show it"),
            Lookup::SubTree => {
                writeln!(f, "labels:")?;
                match self.verified.subtree(path.labels()) {
                    SubTreeLookup::Found(below) => below
                        .children()
                        .try_for_each(|(label, _)| writeln!(f, "    {}", Label::from(label))),
                    SubTreeLookup::Absent | SubTreeLookup::Unknown => Ok(()),
                }
            }
        }
    }
}

/// A value as its path suggests: numbers as numbers, text as text, everything else in hexadecimal digits.
struct Leaf<'a> {
    path: &'a Path,
    value: &'a [u8],
}

impl Display for Leaf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.labels().last().map(Label::as_slice);
        let is_number = matches!(name, Some(b"reject_code"));
        let is_time = matches!(
            name,
            Some(b"time" | b"canister_creation_timestamp" | b"last_install_timestamp")
        );
        let mut rest = self.value;
        match (leb128::read_unsigned(&mut rest), str::from_utf8(self.value)) {
            (Ok(nanos), _) if is_time && rest.is_empty() => Moment(Time::from_nanos(nanos)).fmt(f),
            (Ok(number), _) if is_number && rest.is_empty() => number.fmt(f),
            (_, Ok(text)) if !text.is_empty() && text.chars().all(|char| !char.is_control()) => {
                write!(f, "\"{text}\"")
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => {
                f.write_str("0x")?;
                self.value
                    .iter()
                    .try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A time in UTC, and in the protocol's nanoseconds.
struct Moment(Time);

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Days since 1970 to a date: years are counted from March, so that the leap day comes last, and eras of 400
        // years are alike.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z ({nanos} ns)"
        )
    }
}
