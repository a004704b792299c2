//! Rejections and their codes (HTTP-200 to HTTP-207).

use std::fmt;

use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::request::field::{ERROR_CODE, REJECT_CODE, REJECT_MESSAGE};
use crate::request::required;

/// Why a request was not replied to, as the protocol counts reasons (HTTP-200 to HTTP-205).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// 1: a fatal error of the system; trying again is unlikely to help.
    SysFatal,
    /// 2: a passing error of the system; trying again may help.
    SysTransient,
    /// 3: there is no such canister.
    DestinationInvalid,
    /// 4: the canister said no.
    CanisterReject,
    /// 5: the canister trapped, did not answer, is stopped, or has no such method.
    CanisterError,
    /// 6: nobody knows what happened. Only canisters that call canisters ever see it (HTTP-205, HTTP-248).
    SysUnknown,
}

impl RejectCode {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::SysFatal,
        Self::SysTransient,
        Self::DestinationInvalid,
        Self::CanisterReject,
        Self::CanisterError,
        Self::SysUnknown,
    ];

    /// The number on the wire and in the state tree, 1 to 6.
    pub const fn number(self) -> u64 {
        match self {
            Self::SysFatal => 1,
            Self::SysTransient => 2,
            Self::DestinationInvalid => 3,
            Self::CanisterReject => 4,
            Self::CanisterError => 5,
            Self::SysUnknown => 6,
        }
    }

    /// The code with this number; `None` for a number that is no code.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The name in the interface specification.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SysFatal => "SYS_FATAL",
            Self::SysTransient => "SYS_TRANSIENT",
            Self::DestinationInvalid => "DESTINATION_INVALID",
            Self::CanisterReject => "CANISTER_REJECT",
            Self::CanisterError => "CANISTER_ERROR",
            Self::SysUnknown => "SYS_UNKNOWN",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A request that was not replied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The protocol's reason.
    pub code: RejectCode,
    /// The reason in words: the canister's with [`RejectCode::CanisterReject`], else the system's (HTTP-206).
    pub message: String,
    /// The implementation's reason. Names like `IC0301` are those of the public network's implementation (HTTP-207).
    pub error_code: Option<String>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}",
            self.code,
            self.code.number(),
            self.message
        )
    }
}

/// The names of the fields of a [`Reject`], for whoever reads them among others.
pub(super) const FIELDS: [&str; 3] = [REJECT_CODE.name, REJECT_MESSAGE.name, ERROR_CODE.name];

/// The fields of a [`Reject`] as they come.
#[derive(Default)]
pub(super) struct PartialReject {
    code: Option<RejectCode>,
    message: Option<String>,
    error_code: Option<String>,
}

impl PartialReject {
    /// Reads the value of `name`, which is one of [`FIELDS`].
    pub(super) fn field(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        match name {
            "reject_code" => {
                let position = reader.position();
                let found = reader.nat()?;
                let unknown = DecodeError::UnexpectedNumber {
                    position,
                    expected: "a reject code from 1 to 6",
                    found,
                };
                self.code = Some(RejectCode::from_number(found).ok_or(unknown)?);
            }
            "reject_message" => self.message = Some(reader.text()?.to_owned()),
            _ => self.error_code = reader.nullable(|reader| reader.text().map(str::to_owned))?,
        }
        Ok(())
    }

    pub(super) fn complete(self) -> Result<Reject, DecodeError> {
        Ok(Reject {
            code: required(self.code, REJECT_CODE.name)?,
            message: required(self.message, REJECT_MESSAGE.name)?,
            error_code: self.error_code,
        })
    }
}

impl Reject {
    /// How many fields [`write_fields`](Self::write_fields) writes.
    pub(super) fn field_count(&self) -> usize {
        2 + usize::from(self.error_code.is_some())
    }

    pub(super) fn write_fields(&self, writer: &mut Writer) {
        writer.text(REJECT_CODE.name).nat(self.code.number());
        writer.text(REJECT_MESSAGE.name).text(&self.message);
        if let Some(error_code) = &self.error_code {
            writer.text(ERROR_CODE.name).text(error_code);
        }
    }
}

/// As the body of an answer of status 200 to an asynchronous call: a map without `status` (HTTP-142).
impl Wire for Reject {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(128);
        writer.map(self.field_count());
        self.write_fields(&mut writer);
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, |reader| {
            let mut reject = PartialReject::default();
            reader.fields_among_others(&FIELDS, |name, reader| reject.field(name, reader))?;
            reject.complete()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_200_to_205_numbers() {
        let numbers = RejectCode::ALL.map(RejectCode::number);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        for code in RejectCode::ALL {
            assert_eq!(RejectCode::from_number(code.number()), Some(code));
        }
        assert_eq!(RejectCode::from_number(0), None);
        assert_eq!(RejectCode::from_number(7), None);
    }
}
