//! The header `IC-Certificate` (GW-030 to GW-032).

use ic_types::codec::{DecodeError, Wire};

use super::base64::{self, Base64Error};
use super::path::{ExpressionPath, PathError};
use crate::{Certificate, HashTree};

/// Bytes in the value of the header, at most. Ours: real ones have a few thousand.
pub const HEADER_BYTES: usize = 512 * 1024;

/// The versions of response verification (GW-012).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Only bodies are certified.
    V1,
    /// Responses are certified as an expression says.
    V2,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V1 => "1",
            Self::V2 => "2",
        })
    }
}

/// What the header `IC-Certificate` says. Nothing of it was checked.
#[derive(Clone, Debug)]
pub struct CertificateHeader {
    /// The certificate of the canister's data.
    pub certificate: Certificate,
    /// A part of the tree with that data as its root.
    pub tree: HashTree,
    /// The place in the tree, for version 2; version 1 has none.
    pub path: Option<ExpressionPath>,
}

/// Why the header `IC-Certificate` is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Longer than [`HEADER_BYTES`].
    #[error("the header has {found} bytes, more than {limit}")]
    TooLong {
        /// How many bytes it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A field is missing.
    #[error("the field {field} is missing")]
    MissingField {
        /// The field.
        field: &'static str,
    },
    /// A version other than 1 and 2.
    #[error("expected version 1 or 2, found {found:?}")]
    Version {
        /// The beginning of what was found.
        found: Box<str>,
    },
    /// A field is not Base64.
    #[error("the field {field}: {reason}")]
    Base64 {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: Base64Error,
    },
    /// A field does not decode.
    #[error("the field {field}: {reason}")]
    Decode {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: DecodeError,
    },
    /// The place in the tree is none.
    #[error(transparent)]
    Path(PathError),
}

impl CertificateHeader {
    /// Reads the value of the header. Of a field that comes twice the first counts; unknown fields are skipped.
    ///
    /// # Errors
    /// See [`HeaderError`].
    pub fn parse(value: &str) -> Result<Self, HeaderError> {
        let fields = Fields::of(value)?;
        let version = fields.version()?;
        let path = match version {
            Version::V1 => None,
            Version::V2 => {
                let bytes = bytes(fields.path, "expr_path")?;
                Some(ExpressionPath::decode(&bytes).map_err(HeaderError::Path)?)
            }
        };
        Ok(Self {
            certificate: decode(fields.certificate, "certificate")?,
            tree: decode(fields.tree, "tree")?,
            path,
        })
    }

    /// Which version the header is of.
    pub fn version(&self) -> Version {
        match self.path {
            None => Version::V1,
            Some(_) => Version::V2,
        }
    }

    /// The value of a header with the certificate that the system gave.
    pub(super) fn write(
        certificate: &[u8],
        tree: &HashTree,
        path: Option<&ExpressionPath>,
    ) -> String {
        let mut value = String::new();
        let mut field = |name: &str, bytes: &[u8]| {
            value.push_str(name);
            value.push_str("=:");
            base64::encode(bytes, &mut value);
            value.push(':');
        };
        field("certificate", certificate);
        field(", tree", &tree.encode());
        if let Some(path) = path {
            field(", expr_path", &path.encode());
            value.push_str(", version=2");
        }
        value
    }
}

/// The fields as they stand in the header.
struct Fields<'a> {
    certificate: Option<&'a str>,
    tree: Option<&'a str>,
    version: Option<&'a str>,
    path: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(header: &'a str) -> Result<Self, HeaderError> {
        if header.len() > HEADER_BYTES {
            return Err(HeaderError::TooLong {
                found: header.len(),
                limit: HEADER_BYTES,
            });
        }
        let mut fields = Self {
            certificate: None,
            tree: None,
            version: None,
            path: None,
        };
        // Neither Base64 nor a number has a comma.
        for (name, value) in header
            .split(',')
            .filter_map(|field| field.trim_ascii().split_once('='))
        {
            let field = match name {
                "certificate" => &mut fields.certificate,
                "tree" => &mut fields.tree,
                "version" => &mut fields.version,
                "expr_path" => &mut fields.path,
                _ => continue,
            };
            field.get_or_insert(value);
        }
        Ok(fields)
    }

    fn version(&self) -> Result<Version, HeaderError> {
        match self.version {
            None | Some("1") => Ok(Version::V1),
            Some("2") => Ok(Version::V2),
            Some(found) => Err(HeaderError::Version {
                found: found.chars().take(16).collect(),
            }),
        }
    }
}

/// The bytes of a field, between colons or without them.
fn bytes(value: Option<&str>, field: &'static str) -> Result<Vec<u8>, HeaderError> {
    let value = value.ok_or(HeaderError::MissingField { field })?;
    let text = value
        .strip_prefix(':')
        .and_then(|value| value.strip_suffix(':'))
        .unwrap_or(value);
    base64::decode(text).map_err(|reason| HeaderError::Base64 { field, reason })
}

fn decode<T: Wire>(value: Option<&str>, field: &'static str) -> Result<T, HeaderError> {
    T::decode(&bytes(value, field)?).map_err(|reason| HeaderError::Decode { field, reason })
}
