//! A ticket as a promise. The promise is settled from whatever thread the keys arrive on, and keeps
//! the process alive only while it is pending.

use std::sync::Arc;

use bearergate_core::{Code, Gate, Refusal, Ticket};
use napi::bindgen_prelude::Object;
use napi::{Env, JsDeferred, Result};

use crate::answer;
use crate::panic::{refusing, throwing};

type Settle = Box<dyn FnOnce(Env) -> Result<String> + Send>;

/// Settles its promise once: with an answer, or, should the ticket be dropped without one, with a
/// refusal, so that no request hangs.
struct Waiter {
    gate: Arc<Gate>,
    deferred: Option<JsDeferred<String, Settle>>,
}

impl Waiter {
    fn settle(&mut self, answer: String) {
        if let Some(deferred) = self.deferred.take() {
            deferred.resolve(Box::new(move |_| Ok(answer)));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if self.deferred.is_some() {
            let answer = answer::refused(&self.gate.refuse(Code::Internal));
            self.settle(answer);
        }
    }
}

/// A promise of the answer that `accepted` makes of the ticket's result.
pub fn promise<'env, T: Send + 'static>(
    env: &'env Env,
    gate: &Arc<Gate>,
    ticket: Ticket<T>,
    accepted: impl FnOnce(&Gate, &T) -> String + Send + 'static,
) -> Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred::<String, Settle>()?;
    let mut waiter = Waiter { gate: Arc::clone(gate), deferred: Some(deferred) };
    let settle = move |result: std::result::Result<T, Refusal>| {
        let gate = Arc::clone(&waiter.gate);
        let answer = refusing(&gate, || match &result {
            Ok(value) => accepted(&gate, value),
            Err(refusal) => answer::refused(refusal),
        });
        waiter.settle(answer);
    };
    throwing(|| ticket.on_ready(settle))?;
    Ok(promise)
}
