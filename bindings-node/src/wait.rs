//! A ticket as a promise. The promise is settled from whatever thread the keys arrive on, and keeps
//! the process alive only while it is pending. Its method `giveUp` leaves the place of whoever waits to
//! others; the promise is settled all the same.

use std::cell::RefCell;
use std::sync::Arc;

use bearergate_core::{Cancel, Code, Gate, Refusal, Ticket};
use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, JsDeferred, Result};

use crate::answer;
use crate::panic::{refusing, throwing};
use crate::text::Text;

type Settle = Box<dyn FnOnce(Env) -> Result<Text> + Send>;

/// Settles its promise once: with an answer, or, should the ticket be dropped without one, with a
/// refusal, so that no request hangs.
struct Waiter {
    deferred: Option<JsDeferred<Text, Settle>>,
}

impl Waiter {
    fn settle(&mut self, answer: Text) {
        if let Some(deferred) = self.deferred.take() {
            deferred.resolve(Box::new(move |_| Ok(answer)));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if self.deferred.is_some() {
            self.settle(answer::refused(&Refusal::of(Code::Internal)));
        }
    }
}

/// A promise of the answer that `accepted` makes of the ticket's result. It keeps the gate.
pub fn promise<'env, T: Send + 'static>(
    env: &'env Env,
    gate: &Arc<Gate>,
    ticket: Ticket<T>,
    accepted: impl FnOnce(&Gate, &T) -> Text + Send + 'static,
) -> Result<Object<'env>> {
    let gate = Arc::clone(gate);
    promise_of(env, ticket, move |result| {
        refusing(&gate, || match &result {
            Ok(value) => accepted(&gate, value),
            Err(refusal) => answer::refused(refusal),
        })
    })
}

/// A promise of nothing, or of a refusal. It keeps no gate: one whose JavaScript is gone is closed, and
/// its keys are fetched no more.
pub fn promise_of_keys(env: &Env, ticket: Ticket<()>) -> Result<Object<'_>> {
    promise_of(env, ticket, |result| result.map_or_else(|refusal| answer::refused(&refusal), |()| Text::default()))
}

/// A promise of what `answer` makes of the ticket's result, refused or not.
pub fn promise_of<T: Send + 'static>(
    env: &Env,
    ticket: Ticket<T>,
    answer: impl FnOnce(std::result::Result<T, Refusal>) -> Text + Send + 'static,
) -> Result<Object<'_>> {
    let (deferred, mut promise) = env.create_deferred::<Text, Settle>()?;
    let mut waiter = Waiter { deferred: Some(deferred) };
    let cancel = throwing(|| ticket.on_ready(move |result| waiter.settle(answer(result))))?;
    let cancel = RefCell::new(Some(cancel));
    let give_up = env.create_function_from_closure::<(), (), _>("giveUp", move |_| {
        throwing(|| cancel.take().map_or((), Cancel::cancel))
    })?;
    promise.set_named_property("giveUp", give_up)?;
    Ok(promise)
}
