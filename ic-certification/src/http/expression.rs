//! The expression that says what of a request and its response is certified (GW-050 to GW-057).

use std::fmt::Write as _;

/// Bytes in an expression, at most. Ours: real ones have a few hundred.
pub const EXPRESSION_BYTES: usize = 16 * 1024;

/// What of a request and its response is certified.
///
/// ```
/// use ic_certification::http::{Expression, ResponseSelection};
///
/// let expression = Expression::Response(ResponseSelection::Only(vec!["Content-Type".into()]));
/// assert_eq!(Expression::parse(&expression.to_text()?)?, expression);
/// # Ok::<(), ic_certification::http::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Nothing at all.
    Nothing,
    /// The response, to whatever request. Dangerous where the answer should depend on more than the path (GW-056).
    Response(ResponseSelection),
    /// That this response belongs to this request.
    RequestAndResponse {
        /// What of the request, beside its method and body.
        request: RequestSelection,
        /// What of the response, beside its status and body.
        response: ResponseSelection,
    },
}

/// What of a request is certified, beside its method and body (GW-051).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSelection {
    /// Names of headers, in any case.
    pub headers: Vec<String>,
    /// Names of query parameters, exactly.
    pub query: Vec<String>,
}

/// Which headers of a response are certified (GW-052). Names are in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseSelection {
    /// These.
    Only(Vec<String>),
    /// All but these.
    AllBut(Vec<String>),
}

/// Why text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// Longer than [`EXPRESSION_BYTES`].
    #[error("the expression has {found} bytes, more than {limit}")]
    TooLong {
        /// How many bytes it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// Not the grammar (GW-050).
    #[error("expected {expected} at byte {position} of the expression")]
    Unexpected {
        /// What the grammar has there.
        expected: &'static str,
        /// Where, in bytes.
        position: usize,
    },
    /// A name that cannot be written between quotes (GW-053).
    #[error("the name {name:?} has a quote, a line break or a zero byte")]
    Name {
        /// The name.
        name: String,
    },
    /// A list of response headers that names one of the two headers of the certification itself (GW-055).
    #[error("the header {name} can be neither certified nor excluded")]
    ReservedHeader {
        /// The name.
        name: String,
    },
}

impl Expression {
    /// Reads an expression. White space between words is skipped (GW-054).
    ///
    /// # Errors
    /// See [`ExpressionError`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > EXPRESSION_BYTES {
            return Err(ExpressionError::TooLong {
                found: text.len(),
                limit: EXPRESSION_BYTES,
            });
        }
        let mut parser = Parser { text, rest: text };
        parser.words(&["default_certification", "(", "ValidationArgs", "{"])?;
        let expression = if parser.accept("no_certification") {
            parser.empty()?;
            Self::Nothing
        } else {
            parser.words(&["certification", ":", "Certification", "{"])?;
            let request = parser.request()?;
            parser.words(&[
                ",",
                "response_certification",
                ":",
                "ResponseCertification",
                "{",
            ])?;
            let response = parser.response()?;
            parser.words(&["}", "}"])?;
            match request {
                None => Self::Response(response),
                Some(request) => Self::RequestAndResponse { request, response },
            }
        };
        parser.words(&["}", ")"])?;
        parser.skip_space();
        if parser.rest.is_empty() {
            Ok(expression)
        } else {
            Err(parser.unexpected("the end"))
        }
    }

    /// The text, without white space: the value of the header `IC-CertificateExpression`.
    ///
    /// # Errors
    /// A name that cannot be written, or must not be.
    pub fn to_text(&self) -> Result<String, ExpressionError> {
        let mut text = String::from("default_certification(ValidationArgs{");
        let (request, response) = match self {
            Self::Nothing => {
                text.push_str("no_certification:Empty{}})");
                return Ok(text);
            }
            Self::Response(response) => (None, response),
            Self::RequestAndResponse { request, response } => (Some(request), response),
        };
        text.push_str("certification:Certification{");
        match request {
            None => text.push_str("no_request_certification:Empty{}"),
            Some(request) => {
                text.push_str(
                    "request_certification:RequestCertification{certified_request_headers:",
                );
                write_names(&request.headers, &mut text)?;
                text.push_str(",certified_query_parameters:");
                write_names(&request.query, &mut text)?;
                text.push('}');
            }
        }
        let field = match response {
            ResponseSelection::Only(_) => "certified_response_headers",
            ResponseSelection::AllBut(_) => "response_header_exclusions",
        };
        // Writing to a string does not fail.
        let _ = write!(
            text,
            ",response_certification:ResponseCertification{{{field}:ResponseHeaderList{{headers:"
        );
        response.check()?;
        write_names(response.names(), &mut text)?;
        text.push_str("}}}})");
        if text.len() > EXPRESSION_BYTES {
            return Err(ExpressionError::TooLong {
                found: text.len(),
                limit: EXPRESSION_BYTES,
            });
        }
        Ok(text)
    }

    /// What of the request is certified; `None` if nothing is.
    pub fn request(&self) -> Option<&RequestSelection> {
        match self {
            Self::Nothing | Self::Response(_) => None,
            Self::RequestAndResponse { request, .. } => Some(request),
        }
    }

    /// What of the response is certified; `None` if nothing is.
    pub fn response(&self) -> Option<&ResponseSelection> {
        match self {
            Self::Nothing => None,
            Self::Response(response) | Self::RequestAndResponse { response, .. } => Some(response),
        }
    }
}

impl ResponseSelection {
    /// The names in the list.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Only(names) | Self::AllBut(names) => names,
        }
    }

    fn check(&self) -> Result<(), ExpressionError> {
        match self.names().iter().find(|name| {
            name.eq_ignore_ascii_case(super::CERTIFICATE_HEADER)
                || name.eq_ignore_ascii_case(super::EXPRESSION_HEADER)
        }) {
            Some(name) => Err(ExpressionError::ReservedHeader { name: name.clone() }),
            None => Ok(()),
        }
    }
}

fn fits_between_quotes(character: char) -> bool {
    !matches!(character, '"' | '\n' | '\r' | '\0')
}

fn write_names(names: &[String], out: &mut String) -> Result<(), ExpressionError> {
    out.push('[');
    for (index, name) in names.iter().enumerate() {
        if !name.chars().all(fits_between_quotes) {
            return Err(ExpressionError::Name { name: name.clone() });
        }
        if index > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push('"');
    }
    out.push(']');
    Ok(())
}

/// The grammar has no recursion, so the parser has none.
struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    fn unexpected(&self, expected: &'static str) -> ExpressionError {
        ExpressionError::Unexpected {
            expected,
            position: self.text.len() - self.rest.len(),
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn accept(&mut self, word: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn words(&mut self, words: &[&'static str]) -> Result<(), ExpressionError> {
        for word in words {
            if !self.accept(word) {
                return Err(self.unexpected(word));
            }
        }
        Ok(())
    }

    fn empty(&mut self) -> Result<(), ExpressionError> {
        self.words(&[":", "Empty", "{", "}"])
    }

    fn request(&mut self) -> Result<Option<RequestSelection>, ExpressionError> {
        if self.accept("no_request_certification") {
            self.empty()?;
            return Ok(None);
        }
        self.words(&["request_certification", ":", "RequestCertification", "{"])?;
        self.words(&["certified_request_headers", ":"])?;
        let headers = self.names()?;
        self.words(&[",", "certified_query_parameters", ":"])?;
        let query = self.names()?;
        self.words(&["}"])?;
        Ok(Some(RequestSelection { headers, query }))
    }

    fn response(&mut self) -> Result<ResponseSelection, ExpressionError> {
        let only = self.accept("certified_response_headers");
        if !only {
            self.words(&["response_header_exclusions"])?;
        }
        self.words(&[":", "ResponseHeaderList", "{", "headers", ":"])?;
        let names = self.names()?;
        self.words(&["}"])?;
        let selection = if only {
            ResponseSelection::Only(names)
        } else {
            ResponseSelection::AllBut(names)
        };
        selection.check()?;
        Ok(selection)
    }

    fn names(&mut self) -> Result<Vec<String>, ExpressionError> {
        self.words(&["["])?;
        let mut names = Vec::new();
        if self.accept("]") {
            return Ok(names);
        }
        loop {
            self.words(&["\""])?;
            let Some((name, rest)) = self
                .rest
                .split_once('"')
                .filter(|(name, _)| name.chars().all(fits_between_quotes))
            else {
                return Err(self.unexpected("a name and a quote"));
            };
            names.push(name.to_owned());
            self.rest = rest;
            if self.accept("]") {
                return Ok(names);
            }
            self.words(&[","])?;
        }
    }
}
