//! A response of which every part is there: before it is verified, and after.

use ic_types::CanisterId;

use super::{Gateway, HttpError, HttpRequest, HttpResponse, Verdict, Version, verify_with};
use crate::{Certificate, CertificateError, VerifiedCertificate};

/// A complete response that nothing vouches for yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedResponse {
    pub(super) canister: CanisterId,
    pub(super) request: HttpRequest,
    pub(super) response: HttpResponse,
}

impl UnverifiedResponse {
    /// What the canister, or whoever answered in its place, said. Not to be passed on (GW-082).
    pub fn unverified(&self) -> &HttpResponse {
        &self.response
    }

    /// Checks that the canister certified the response as the answer to the request.
    ///
    /// # Errors
    /// See [`HttpError`]. After [`HttpError::Version`], a gateway may ask the canister which versions it supports, see
    /// [`check_downgrade`](super::check_downgrade), and try again with version 1 allowed (GW-090).
    pub fn verify(&self, gateway: &Gateway) -> Result<VerifiedResponse, HttpError> {
        self.verify_with(gateway.minimum, None, |certificate| {
            gateway.believe(certificate, self.canister)
        })
    }

    /// The same for a body with a content encoding, of which version 1 certifies the decoded form: after
    /// [`HttpError::EncodedBody`].
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_decoded(
        &self,
        gateway: &Gateway,
        decoded_body: &[u8],
    ) -> Result<VerifiedResponse, HttpError> {
        self.verify_with(gateway.minimum, Some(decoded_body), |certificate| {
            gateway.believe(certificate, self.canister)
        })
    }

    /// Both with `believe` saying whether the certificate is genuine, as in [`verify_with`](super::verify_with).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_with(
        &self,
        minimum: Version,
        decoded_body: Option<&[u8]>,
        believe: impl FnOnce(Certificate) -> Result<VerifiedCertificate, CertificateError>,
    ) -> Result<VerifiedResponse, HttpError> {
        let verdict = self.request.with(|request| {
            self.response.with(decoded_body, |response| {
                verify_with(self.canister, request, response, minimum, believe)
            })
        })?;
        Ok(VerifiedResponse {
            response: self.response.clone(),
            verdict,
        })
    }
}

/// A response that may be passed on, as far as the verdict says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedResponse {
    response: HttpResponse,
    verdict: Verdict,
}

impl VerifiedResponse {
    /// The response, with headers that are not certified among the others.
    pub fn response(&self) -> &HttpResponse {
        &self.response
    }

    /// What of it is certified.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The headers that are certified (GW-076).
    pub fn certified_headers(&self) -> Vec<(String, String)> {
        self.response.with(None, |response| {
            let headers = self.verdict.headers(response).into_iter();
            headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
    }
}
