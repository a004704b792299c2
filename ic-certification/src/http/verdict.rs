//! What a response was found to be.

use ic_types::Time;

use super::hash::certified_headers;
use super::{Expression, ExpressionPath, RequestSelection, Response, Version};

/// That a response may be passed on, and what of it is certified. Only a verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(super) time: Time,
    pub(super) certified: Certified,
}

/// What of a response is certified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certified {
    /// Version 1: the body, and nothing else (GW-095).
    Body,
    /// Version 2: what the expression says.
    Expression {
        /// Where in the tree the expression is.
        path: ExpressionPath,
        /// The expression.
        expression: Expression,
    },
}

impl Verdict {
    /// When it was certified.
    pub fn time(&self) -> Time {
        self.time
    }

    /// What of it is certified.
    pub fn certified(&self) -> &Certified {
        &self.certified
    }

    /// The version by which the response was verified.
    pub fn version(&self) -> Version {
        match self.certified {
            Certified::Body => Version::V1,
            Certified::Expression { .. } => Version::V2,
        }
    }

    /// Whether the body is certified.
    pub fn body(&self) -> bool {
        self.expression()
            .is_none_or(|expression| expression.response().is_some())
    }

    /// Whether the status code is certified.
    pub fn status(&self) -> bool {
        self.expression()
            .is_some_and(|expression| expression.response().is_some())
    }

    /// What of the request the response is certified for; `None` if any request to the same path may get it.
    pub fn request(&self) -> Option<&RequestSelection> {
        self.expression()?.request()
    }

    /// The headers of the response that are certified, but for those of the certification: what a gateway should pass
    /// on (GW-076).
    pub fn headers<'a>(&self, response: &Response<'a>) -> Vec<(&'a str, &'a str)> {
        let selection = self.expression().and_then(Expression::response);
        selection.map_or_else(Vec::new, |selection| {
            certified_headers(response.headers, selection).collect()
        })
    }

    fn expression(&self) -> Option<&Expression> {
        match &self.certified {
            Certified::Body => None,
            Certified::Expression { expression, .. } => Some(expression),
        }
    }
}
