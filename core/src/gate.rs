//! One request: skip, find the token, verify it, and what is propagated of it. The bindings remove
//! the spoofable headers before they ask and write the propagated ones after.

use crate::clock::Clock;
use crate::context::Verified;
use crate::credentials;
use crate::error::{Code, Refusal};
use crate::keyset::Ticket;
use crate::options::{ConfigError, Options};
use crate::propagate::{self, Fields};
use crate::verifier::{Outcome, Verifier};

/// A verifier with the rules for requests.
#[derive(Debug, Clone)]
pub struct Gate {
    verifier: Verifier,
    aside: bool,
}

/// What is asked about one request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Fully qualified service name, such as `pkg.Service`.
    pub service: &'a str,
    /// Method name.
    pub method: &'a str,
    /// Every value of the credentials header, as received.
    pub credentials: &'a [&'a [u8]],
}

/// What is to happen to a request.
#[derive(Debug)]
pub enum Decision {
    /// It goes through untouched.
    Skip,
    /// It runs as this caller.
    Accept(Verified),
    /// It is refused.
    Refuse(Refusal),
    /// Keys are being fetched, or the token is judged on another thread; the ticket brings one of the two above.
    Wait(Ticket),
}

impl Gate {
    /// A gate with these options.
    ///
    /// # Errors
    /// An option that cannot be meant, by name and with the remedy.
    pub fn new(options: Options) -> Result<Self, ConfigError> {
        Verifier::new(options).map(|verifier| Self { verifier, aside: false })
    }

    /// The same on a given clock, for test suites.
    ///
    /// # Errors
    /// As [`Gate::new`].
    #[doc(hidden)]
    pub fn with_clock(options: Options, clock: Clock) -> Result<Self, ConfigError> {
        Verifier::with_clock(options, clock).map(|verifier| Self { verifier, aside: false })
    }

    /// The same gate, which judges as [`Verifier::verify_aside`] does.
    #[must_use]
    pub fn aside(self) -> Self {
        Self { aside: true, ..self }
    }

    /// Judges a bare token.
    #[must_use]
    pub fn verify(&self, token: &str) -> Outcome {
        if self.aside { self.verifier.verify_aside(token) } else { self.verifier.verify(token) }
    }

    /// The verifier behind the gate.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Lower-case name of the header whose values a request hands over.
    #[must_use]
    pub fn credentials_header(&self) -> &str {
        &self.verifier.policy().request.credentials.header
    }

    /// The subprotocols of a WebSocket handshake without those that carry a token, given every value of
    /// `sec-websocket-protocol`, for an application to choose from. `None` where tokens come another way.
    #[must_use]
    pub fn offered_protocols(&self, values: &[&[u8]]) -> Option<Vec<String>> {
        credentials::without_token(values, &self.verifier.policy().request.credentials)
    }

    /// Whether verified contexts are written to `x-auth-*` headers.
    #[must_use]
    pub fn propagates(&self) -> bool {
        self.verifier.policy().request.propagate_headers
    }

    /// Whether streams end when their token expires.
    #[must_use]
    pub fn ends_streams_at_expiry(&self) -> bool {
        self.verifier.policy().request.end_streams_at_expiry
    }

    /// Whether a method passes without authentication.
    #[must_use]
    pub fn skips(&self, service: &str, method: &str) -> bool {
        let patterns = &self.verifier.policy().request.skip_methods;
        patterns.iter().any(|pattern| pattern.matches(service, method)) && !mutant!("skip")
    }

    /// Decides about one request. Never blocks.
    #[must_use]
    pub fn check(&self, request: &Request<'_>) -> Decision {
        if self.skips(request.service, request.method) {
            return Decision::Skip;
        }
        self.check_credentials(request.credentials)
    }

    /// Decides about a request that is not skipped.
    pub(crate) fn check_credentials(&self, values: &[&[u8]]) -> Decision {
        let policy = self.verifier.policy();
        match credentials::extract(values, &policy.request.credentials, policy.max_token_bytes) {
            Err(code) => Decision::Refuse(self.refuse(code)),
            Ok(token) => match self.verify(token) {
                Outcome::Ready(Ok(verified)) => Decision::Accept(verified),
                Outcome::Ready(Err(refusal)) => Decision::Refuse(refusal),
                Outcome::Wait(ticket) => Decision::Wait(ticket),
            },
        }
    }

    /// The headers that carry a verified context on; none when propagation is off.
    ///
    /// # Errors
    /// `ERR_SUBJECT_TOO_LONG`.
    pub fn propagate(&self, verified: &Verified) -> Result<Vec<(&'static str, String)>, Refusal> {
        if !self.propagates() {
            return Ok(Vec::new());
        }
        let fields = Fields {
            subject: verified.subject(),
            kind: "jwt",
            name: verified.name(),
            roles: verified.roles().collect(),
            scopes: verified.scopes().collect(),
            claims: Some(verified.claims().root()),
        };
        let propagated = self.verifier.policy().request.propagated_claims.as_deref();
        propagate::encode(&fields, propagated).map_err(|_| self.refuse(Code::SubjectTooLong))
    }

    /// When a stream of this caller ends, in milliseconds since the epoch: `exp` and the clock
    /// tolerance. `None` where streams do not end or the token does not expire.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // saturates, which is far enough away
    pub fn stream_deadline(&self, verified: &Verified) -> Option<i64> {
        if !self.ends_streams_at_expiry() {
            return None;
        }
        let tolerance = self.verifier.clock_tolerance_of(verified);
        let exp = verified.claims().exp()?;
        Some(((exp * 1000.0).ceil() as i64).saturating_add(tolerance.saturating_mul(1000)))
    }

    /// A refusal for what only the host language can find out: the hooks.
    #[must_use]
    pub fn refuse(&self, code: Code) -> Refusal {
        self.verifier.addressed(Refusal::new(code))
    }
}
