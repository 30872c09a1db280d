//! What is decided, as an answer to JavaScript.

use std::rc::Rc;
use std::sync::Arc;

use bearergate_core::{Code, Decision, Gate, Outcome, Ticket, Verified};
use napi::bindgen_prelude::{Either, Either3, JsValue};
use napi::{Env, sys};

use crate::panic::refusing;
use crate::text::Text;
use crate::told::{Number, ToldBefore};
use crate::{answer, wait};

/// A number, an answer, or a promise of an answer.
pub(crate) type Answered = Either3<f64, Text, sys::napi_value>;

/// A gate, with what JavaScript knows to be accepted by it.
#[derive(Clone)]
pub(crate) struct Judge {
    gate: Arc<Gate>,
    before: Rc<ToldBefore>,
}

enum Decided {
    Known(f64),
    Answer(Text),
    Wait(Ticket),
}

impl From<Text> for Decided {
    fn from(answer: Text) -> Self {
        Self::Answer(answer)
    }
}

impl Judge {
    pub fn new(gate: &Arc<Gate>) -> Self {
        Self { gate: Arc::clone(gate), before: Rc::default() }
    }

    /// Judges a request.
    pub fn request(&self, env: &Env, ask: impl FnOnce(&Gate) -> Decision) -> napi::Result<Answered> {
        let decided = refusing(&self.gate, || match ask(&self.gate) {
            Decision::Skip => Decided::Answer(answer::skipped()),
            Decision::Accept(verified) => {
                self.tell(&verified, |number| answer::accepted(&self.gate, &verified, number))
            }
            Decision::Refuse(refusal) => Decided::Answer(answer::refused(&refusal)),
            Decision::Wait(ticket) => Decided::Wait(ticket),
        });
        self.answered(env, decided, |gate, verified| answer::accepted(gate, verified, None))
    }

    /// Judges a bare token.
    pub fn token(&self, env: &Env, token: &str) -> napi::Result<Answered> {
        let decided = self.judged(|gate| gate.verify(token));
        self.answered(env, decided, |_, verified| answer::verified(verified, None))
    }

    /// Judges a bare token without waiting: where keys would have to be waited for, their fetch
    /// goes on and the answer is that they are unavailable.
    pub fn token_now(&self, token: &str) -> Either<f64, Text> {
        match self.judged(|gate| gate.verifier().verify(token)) {
            Decided::Known(number) => Either::A(number),
            Decided::Answer(answer) => Either::B(answer),
            Decided::Wait(_) => Either::B(answer::refused(&self.gate.refuse(Code::KeysUnavailable))),
        }
    }

    fn judged(&self, ask: impl FnOnce(&Gate) -> Outcome) -> Decided {
        refusing(&self.gate, || match ask(&self.gate) {
            Outcome::Ready(Ok(verified)) => self.tell(&verified, |number| answer::verified(&verified, number)),
            Outcome::Ready(Err(refusal)) => Decided::Answer(answer::refused(&refusal)),
            Outcome::Wait(ticket) => Decided::Wait(ticket),
        })
    }

    /// Gives no number for what was told so far.
    pub fn forget(&self) {
        self.before.clear();
    }

    /// Tells of an accepted token: by its number where that was told before, else by an answer.
    fn tell(&self, verified: &Verified, answer: impl FnOnce(Option<f64>) -> Text) -> Decided {
        let Some(entries) = self.gate.verifier().cache_entries() else {
            return Decided::Answer(answer(None));
        };
        match self.before.number(verified, entries) {
            Number::Known(number) => Decided::Known(number),
            Number::New(number) => Decided::Answer(answer(Some(number))),
        }
    }

    fn answered(
        &self,
        env: &Env,
        decided: Decided,
        accepted: impl FnOnce(&Gate, &Verified) -> Text + Send + 'static,
    ) -> napi::Result<Answered> {
        Ok(match decided {
            Decided::Known(number) => Either3::A(number),
            Decided::Answer(answer) => Either3::B(answer),
            Decided::Wait(ticket) => Either3::C(wait::promise(env, &self.gate, ticket, accepted)?.raw()),
        })
    }
}
