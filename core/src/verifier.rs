//! The spine: one token through every check, in order, first failure wins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::alg::Alg;
use crate::aside;
use crate::cache::Cache;
use crate::claims::{Claims, wrong_value};
use crate::clock::Clock;
use crate::context::Verified;
use crate::error::{Code, Reason, Refusal};
use crate::header::Header;
use crate::key::PreparedKey;
use crate::keyset::{
    Choice, Current, KeyEvent, KeySet, Landed, Lease, Listener, Membership, NoWait, Readied, ReadyWait, RemoteSet,
    Resolver, Ticket, Want,
};
use crate::options::{ConfigError, Keys, Options, Policy, Trust, Trusts};
use crate::stats::Stats;
use crate::token::Token;

/// Verifies tokens. Cheap to clone; clones share keys and cache.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    clock: Clock,
    cache: Option<Cache<Found>>,
    closed: AtomicBool,
    membership: Membership,
}

/// What is remembered of a verified token.
#[derive(Clone)]
struct Found {
    verified: Verified,
    /// Which of the trusts judged it.
    trust: usize,
    /// Under which generation of that trust's keys.
    generation: u64,
}

/// The answer to a token, now or later.
#[derive(Debug)]
pub enum Outcome {
    /// The keys are there, and this is the decision.
    Ready(Result<Verified, Refusal>),
    /// Keys are being fetched, or another thread judges.
    Wait(Ticket),
}

/// Whether tokens can be judged.
#[derive(Debug)]
pub enum Readiness {
    /// Every key set has keys.
    Ready,
    /// A fetch is under way, and is retried until it succeeds, the verifier is closed, or the limit has
    /// passed.
    Wait(Ticket<()>),
}

/// How long readiness is waited for at most: whoever asked may long have stopped listening.
const READY_LIMIT: Duration = Duration::from_secs(3600);

/// Whoever asked whether a verifier is ready, until there is an answer.
#[derive(Clone)]
struct Caller {
    resolver: Arc<Mutex<Option<Resolver<()>>>>,
    deadline: Instant,
}

impl Caller {
    fn answer(&self, answer: Result<(), Refusal>) {
        let resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(resolver) = resolver {
            resolver.resolve(answer);
        }
    }

    fn is_over(&self) -> bool {
        let resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        resolver.as_ref().is_none_or(Resolver::is_abandoned)
    }
}

/// Whether nobody waits for an answer any more.
type IsOver = Box<dyn Fn() -> bool + Send>;

/// Why a token is not accepted yet.
enum NotYet<'a> {
    Refused(Refusal),
    /// A newer set may accept it; `otherwise` is the refusal if there is none to be had.
    Keys {
        set: &'a Lease,
        seen: Option<Arc<Current>>,
        want: Want,
        otherwise: Code,
        header: About,
    },
}

/// What the operator is told about a refused token.
struct About {
    alg: String,
    kid: Option<String>,
    issuer: Option<String>,
}

impl About {
    fn new(header: &Header, trust: &Trust) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self { alg: header.alg().to_owned(), kid: owned(header.kid()), issuer: owned(trust.rules.issuer()) }
    }

    fn tell(&self, refusal: Refusal) -> Refusal {
        refusal.about(&self.alg, self.kid.as_deref(), self.issuer.as_deref())
    }
}

impl Verifier {
    /// A verifier with these options.
    ///
    /// # Errors
    /// An option that cannot be meant, by name and with the remedy.
    pub fn new(options: Options) -> Result<Self, ConfigError> {
        Self::with_clock(options, Clock::System)
    }

    /// The same on a given clock, for test suites.
    ///
    /// # Errors
    /// As [`Verifier::new`].
    #[doc(hidden)]
    #[allow(clippy::needless_pass_by_value)] // options hold secrets, which end here
    pub fn with_clock(options: Options, clock: Clock) -> Result<Self, ConfigError> {
        let policy = Policy::new(&options, &clock)?;
        let cache = policy.cache_entries.map(Cache::new);
        let membership = Membership::of(policy.remote_sets(), &clock);
        Ok(Self(Arc::new(Inner { policy, clock, cache, closed: AtomicBool::new(false), membership })))
    }

    /// Judges one compact JWS. Never blocks: keys that must be fetched first are a ticket.
    #[must_use]
    pub fn verify(&self, token: &str) -> Outcome {
        match self.judge(token) {
            Ok(verified) => Outcome::Ready(Ok(verified)),
            Err(NotYet::Refused(refusal)) => Outcome::Ready(Err(self.addressed(refusal))),
            Err(not_yet) => self.wait(token, not_yet, None),
        }
    }

    /// The answer to a token that is not accepted yet. Whoever waits for it is the holder of its ticket, or
    /// somebody else: until `is_over`.
    fn wait(&self, token: &str, not_yet: NotYet<'_>, is_over: Option<IsOver>) -> Outcome {
        match not_yet {
            NotYet::Refused(refusal) => Outcome::Ready(Err(self.addressed(refusal))),
            NotYet::Keys { set, seen, want, otherwise, header } => {
                let (ticket, resolver) = Ticket::pair();
                let (verifier, owned) = (self.clone(), token.to_owned());
                let is_over = is_over.unwrap_or_else(|| Box::new(resolver.abandonment()));
                let judge_again = move |landed| resolver.resolve(verifier.judge_finally(&owned, landed));
                match set.wait(set.owner(), want, seen.as_ref(), is_over, judge_again) {
                    Ok(()) => Outcome::Wait(ticket),
                    Err(NoWait::Changed) => Outcome::Ready(self.judge_finally(token, Landed::Good)),
                    Err(NoWait::Refused(refusal)) => Outcome::Ready(Err(self.addressed(header.tell(refusal)))),
                    Err(NoWait::NotNow { next_attempt_ms }) => {
                        let refusal = match want {
                            Want::AnySet => Refusal::unavailable(Reason::Unavailable, next_attempt_ms),
                            Want::NewerSet => Refusal::new(otherwise),
                        };
                        Outcome::Ready(Err(self.addressed(header.tell(refusal))))
                    }
                }
            }
        }
    }

    /// Judges like [`Verifier::verify`], and where that takes long, on a thread of the core: for a host whose
    /// own thread must not be held up.
    #[must_use]
    pub fn verify_aside(&self, token: &str) -> Outcome {
        if !self.is_slow(token) {
            return self.verify(token);
        }
        let (ticket, resolver) = Ticket::pair();
        let (verifier, owned) = (self.clone(), token.to_owned());
        let judge = move || {
            if resolver.is_abandoned() {
                return;
            }
            let is_over: IsOver = Box::new(resolver.abandonment());
            let judge = || {
                verifier.judge(&owned).map_or_else(
                    |not_yet| verifier.wait(&owned, not_yet, Some(is_over)),
                    |verified| Outcome::Ready(Ok(verified)),
                )
            };
            match catch_unwind(AssertUnwindSafe(judge)) {
                Ok(Outcome::Ready(answer)) => resolver.resolve(answer),
                Ok(Outcome::Wait(ticket)) => drop(ticket.on_ready(move |answer| resolver.resolve(answer))),
                Err(_) => resolver.resolve(Err(verifier.addressed(Refusal::new(Code::Internal)))),
            }
        };
        match aside::run(token.len(), judge) {
            Ok(()) => Outcome::Wait(ticket),
            Err(_) => self.verify(token),
        }
    }

    /// Whether the signature of this token is one that takes long to verify, is verified at all, and is not
    /// remembered.
    fn is_slow(&self, token: &str) -> bool {
        self.0.policy.verifies_any_slowly()
            && token.len() <= self.0.policy.max_token_bytes
            && Token::alg(token).is_some_and(|alg| self.0.policy.verifies_slowly(alg))
            && self.0.cache.as_ref().is_none_or(|cache| cache.find(token).is_none())
    }

    /// Judges a token once more after the fetch it waited for, and causes no other.
    fn judge_finally(&self, token: &str, landed: Landed) -> Result<Verified, Refusal> {
        let refusal = match self.judge(token) {
            Ok(verified) if landed != Landed::Closed => return Ok(verified),
            Ok(_) => Refusal::unavailable(Reason::Unavailable, 1000),
            Err(NotYet::Refused(refusal)) => refusal,
            Err(NotYet::Keys { set, want, otherwise, header, .. }) => {
                let no_key = want == Want::AnySet || otherwise == Code::KeyNotFound;
                header.tell(match landed {
                    Landed::Failed { timed_out } if no_key => {
                        let reason = if timed_out { Reason::Timeout } else { Reason::Unavailable };
                        Refusal::unavailable(reason, set.next_attempt_ms())
                    }
                    Landed::Closed => Refusal::unavailable(Reason::Unavailable, 1000),
                    _ if want == Want::AnySet => Refusal::unavailable(Reason::Unavailable, set.next_attempt_ms()),
                    _ => Refusal::new(otherwise),
                })
            }
        };
        Err(self.addressed(refusal))
    }

    /// Every check, in order.
    fn judge(&self, token: &str) -> Result<Verified, NotYet<'_>> {
        #[cfg(feature = "mutants")]
        crate::mutants::panic_if_told();
        let policy = &self.0.policy;
        if token.len() > policy.max_token_bytes && !mutant!("token-size") {
            return Err(Code::TokenTooLarge.into());
        }
        if let Some(remembered) = self.remembered(token) {
            return remembered.map_err(NotYet::Refused);
        }
        let Token { signing_input, header, payload, signature } = Token::parse(token)?;
        let header = Header::parse(header)?;
        let (index, trust, claims) = self.route(&header, payload)?;
        let tell = |header: &Header, refusal| About::new(header, trust).tell(refusal);
        let alg = Alg::from_name(header.alg())
            .filter(|alg| trust.rules.algorithms.contains(*alg) || mutant!("alg"))
            .ok_or_else(|| tell(&header, Refusal::new(Code::AlgNotAllowed)))?;
        let now = self.0.clock.wall_seconds();
        let generation = self.find_and_verify(trust, &header, alg, signing_input, &signature)?;
        let claims = match claims {
            Payload::Parsed(claims) => claims,
            Payload::Raw(bytes) => {
                Claims::parse(bytes).map_err(|_| tell(&header, Refusal::new(Code::ClaimsMalformed)))?
            }
        };
        claims.check(&header, &trust.rules, now).map_err(|refusal| tell(&header, refusal))?;
        let verified = Verified::map(header, claims, &trust.rules.mapping)
            .map_err(|header| tell(&header, Refusal::new(Code::SubjectMissing)))?;
        if let Some(cache) = &self.0.cache {
            cache.insert(token, Found { verified: verified.clone(), trust: index, generation });
        }
        Ok(verified)
    }

    /// The answer for a token whose signature is remembered under the keys now in service: all that
    /// follows the signature is checked again.
    fn remembered(&self, token: &str) -> Option<Result<Verified, Refusal>> {
        let cache = self.0.cache.as_ref()?;
        let found = cache.find(token).and_then(|found| {
            let trust = self.0.policy.trusts.get(found.trust)?;
            let in_service = match &trust.keys {
                Keys::Remote(set) => !self.is_closed() && set.current()?.generation == found.generation,
                Keys::Any(_) | Keys::Set(_) => true,
            };
            in_service.then_some((trust, found))
        });
        cache.count(found.is_some());
        let (trust, found) = found?;
        let header = found.verified.header();
        let checked = found.verified.claims().check(header, &trust.rules, self.0.clock.wall_seconds());
        Some(match checked {
            Ok(()) => Ok(found.verified),
            Err(refusal) => Err(About::new(header, trust).tell(refusal)),
        })
    }

    /// Whose rules and keys apply: with several issuers, those of the token's `iss`.
    fn route(&self, header: &Header, payload: Vec<u8>) -> Result<(usize, &Trust, Payload), Refusal> {
        match &self.0.policy.trusts {
            Trusts::One(trust) => Ok((0, trust, Payload::Raw(payload))),
            Trusts::ByIssuer(trusts) => {
                let about = |refusal: Refusal| refusal.about(header.alg(), header.kid(), None);
                let claims = Claims::parse(payload).map_err(|_| about(Refusal::new(Code::ClaimsMalformed)))?;
                let found = {
                    let iss = claims.issuer().map_err(about)?;
                    trusts.iter().position(|trust| trust.rules.issuer() == Some(&*iss))
                };
                let index = found.ok_or_else(|| about(wrong_value("iss")))?;
                Ok((index, &trusts[index], Payload::Parsed(claims)))
            }
        }
    }

    /// Chooses the key and verifies the signature; the answer is the generation of the keys.
    fn find_and_verify<'a>(
        &'a self,
        trust: &'a Trust,
        header: &Header,
        alg: Alg,
        message: &[u8],
        signature: &[u8],
    ) -> Result<u64, NotYet<'a>> {
        let refuse = |code| Err(NotYet::Refused(About::new(header, trust).tell(Refusal::new(code))));
        match &trust.keys {
            Keys::Any(keys) => match verify_with_any(keys, alg, message, signature) {
                Ok(()) => Ok(0),
                Err(code) => refuse(code),
            },
            Keys::Set(set) => match verify_with_set(set, header, alg, message, signature) {
                Ok(()) => Ok(0),
                Err(code) => refuse(code),
            },
            Keys::Remote(set) => {
                if self.is_closed() {
                    return Err(NotYet::Refused(
                        About::new(header, trust).tell(Refusal::unavailable(Reason::Unavailable, 1000)),
                    ));
                }
                let needs = |seen, want, otherwise| {
                    Err(NotYet::Keys { set, seen, want, otherwise, header: About::new(header, trust) })
                };
                let Some(current) = set.current() else { return needs(None, Want::AnySet, Code::KeysUnavailable) };
                match verify_with_set(&current.keys, header, alg, message, signature) {
                    Ok(()) => Ok(current.generation),
                    Err(code @ (Code::KeyNotFound | Code::SignatureInvalid)) => {
                        needs(Some(current), Want::NewerSet, code)
                    }
                    Err(code) => refuse(code),
                }
            }
        }
    }

    /// Whether every key set has keys; where one has none, its fetch is begun or joined. The ticket is
    /// answered within `limit`, which is an hour at most: `ERR_KEYS_UNAVAILABLE` for the reason
    /// `timeout` if the keys have not come by then.
    #[must_use]
    pub fn ready(&self, limit: Option<Duration>) -> Readiness {
        if self.unready_set().is_none() && !self.is_closed() {
            return Readiness::Ready;
        }
        let (ticket, resolver) = Ticket::pair();
        let limit = limit.map_or(READY_LIMIT, |limit| limit.min(READY_LIMIT));
        let resolver = Arc::new(Mutex::new(Some(resolver)));
        self.await_sets(Caller { resolver, deadline: Instant::now() + limit });
        Readiness::Wait(ticket)
    }

    fn unready_set(&self) -> Option<&Lease> {
        self.remote_sets().find(|set| set.current().is_none())
    }

    fn await_sets(&self, caller: Caller) {
        if self.is_closed() {
            return caller.answer(Err(Refusal::unavailable(Reason::Unavailable, 1000)));
        }
        let Some(set) = self.unready_set() else { return caller.answer(Ok(())) };
        // A wait alone keeps no verifier alive: one that nobody has any more is closed.
        let verifier = Arc::downgrade(&self.0);
        let asker = caller.clone();
        set.when_usable(ReadyWait {
            owner: set.owner(),
            deadline: caller.deadline,
            is_over: Box::new(move || asker.is_over()),
            then: Box::new(move |readied| match (readied, verifier.upgrade()) {
                (Readied::Usable, Some(inner)) => Self(inner).await_sets(caller),
                (Readied::Late, _) => caller.answer(Err(Refusal::unavailable(Reason::Timeout, 1000))),
                _ => caller.answer(Err(Refusal::unavailable(Reason::Unavailable, 1000))),
            }),
        });
    }

    pub(crate) fn remote_sets(&self) -> impl Iterator<Item = &Lease> {
        self.0.policy.remote_sets()
    }

    /// Has `listener` told of each fetch of this verifier's keys, and of each change of them, from now
    /// until it is closed, beginning with what came from a snapshot. It is called on a thread of its
    /// own, one event after the other; what it cannot keep up with is dropped.
    pub fn on_key_event(&self, listener: impl Fn(&KeyEvent) + Send + Sync + 'static) {
        let listener: Listener = Arc::new(listener);
        for trust in self.0.policy.trusts.iter() {
            if let Keys::Remote(set) = &trust.keys {
                set.listen(set.owner(), trust.rules.issuer(), Arc::clone(&listener));
            }
        }
    }

    /// What the operator should know about how this verifier was built: that it is one of many for
    /// the same source, as when one is built for each request. Said once in a process for each source.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.membership.advice()
    }

    /// Most verified tokens that are remembered; `None` without a cache.
    #[must_use]
    pub fn cache_entries(&self) -> Option<usize> {
        self.0.policy.cache_entries
    }

    /// Whether judging takes no longer than letting another thread run in between, for bindings that hold a
    /// lock of their language's.
    #[doc(hidden)]
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.0.policy.is_quick()
    }

    /// The state of keys and cache.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let fixed = self.0.policy.trusts.iter().map(|trust| match &trust.keys {
            Keys::Any(keys) => keys.len(),
            Keys::Set(set) => set.len(),
            Keys::Remote(_) => 0,
        });
        let sets = self.distinct_sets().into_iter().map(|set| set.stats()).collect();
        let cache = self.0.cache.as_ref().map(Cache::counts).unwrap_or_default();
        Stats::new(fixed.sum(), sets, cache, self.is_closed())
    }

    /// The URL of each remote set, without its query, and its state, as in [`Stats::state`]. None once
    /// this verifier is closed.
    #[must_use]
    pub fn key_states(&self) -> Vec<(String, &'static str)> {
        if self.is_closed() {
            return Vec::new();
        }
        let sets = self.distinct_sets().into_iter().map(|set| set.stats());
        sets.map(|stats| (stats.url, stats.phase)).collect()
    }

    /// Two entries of `issuers` may share one set.
    fn distinct_sets(&self) -> Vec<&Arc<RemoteSet>> {
        let mut seen: Vec<&Arc<RemoteSet>> = Vec::new();
        for set in self.remote_sets() {
            if !seen.iter().any(|other| Arc::ptr_eq(other, set)) {
                seen.push(set);
            }
        }
        seen
    }

    /// Ends this verifier's use of remote keys: calls that wait are answered with
    /// `ERR_KEYS_UNAVAILABLE`, and so are later ones. Does nothing the second time.
    pub fn close(&self) {
        if !self.0.closed.swap(true, Ordering::SeqCst) {
            self.remote_sets().for_each(Lease::release);
            self.0.membership.leave();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    /// The tolerance of the rules that a token was judged by, in seconds.
    pub(crate) fn clock_tolerance_of(&self, verified: &Verified) -> i64 {
        let trusts = &self.0.policy.trusts;
        let iss = verified.claims().issuer().ok();
        let by_issuer =
            trusts.iter().find(|trust| trust.rules.issuer().is_some_and(|issuer| Some(issuer) == iss.as_deref()));
        by_issuer.or_else(|| trusts.get(0)).map_or(0, |trust| trust.rules.clock_tolerance)
    }

    /// The time by which tokens are judged, in whole seconds since the epoch.
    pub(crate) fn wall_seconds(&self) -> i64 {
        self.0.clock.wall_seconds()
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Adds what the client is told beside the message.
    pub(crate) fn addressed(&self, refusal: Refusal) -> Refusal {
        refusal.at_resource(self.0.policy.request.resource_metadata.as_deref())
    }
}

/// A payload that has or has not been looked at.
enum Payload {
    Raw(Vec<u8>),
    Parsed(Claims),
}

fn verify_with_any(keys: &[PreparedKey], alg: Alg, message: &[u8], signature: &[u8]) -> Result<(), Code> {
    let mut fitting = keys.iter().filter(|key| key.admits().contains(alg)).peekable();
    if fitting.peek().is_none() {
        return Err(Code::KeyNotFound);
    }
    if fitting.any(|key| key.verifies(alg, message, signature)) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

fn verify_with_set(set: &KeySet, header: &Header, alg: Alg, message: &[u8], signature: &[u8]) -> Result<(), Code> {
    match set.choose(header.kid(), alg) {
        Choice::None => Err(Code::KeyNotFound),
        Choice::Ambiguous => Err(Code::KeyAmbiguous),
        Choice::One(key) if key.verifies(alg, message, signature) => Ok(()),
        Choice::One(_) => Err(Code::SignatureInvalid),
    }
}

impl From<Code> for NotYet<'_> {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}

impl From<Refusal> for NotYet<'_> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
