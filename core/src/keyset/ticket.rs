//! "Not ready" as a value: a promise of an answer that whoever asked can wait for in its own way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::context::Verified;
use crate::error::{Reason, Refusal};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Callback<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;

/// An answer that will come: by the deadline of the fetch it waits for, exactly once.
///
/// Wait by blocking ([`Ticket::wait`]), by callback ([`Ticket::on_ready`]) or as a `Future`.
/// Dropping it gives up the answer only; the fetch goes on for the others.
#[must_use]
pub struct Ticket<T = Verified>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// Gives up an answer that was to be called back with. Dropping it gives up nothing.
pub struct Cancel(Box<dyn FnOnce() + Send>);

impl Cancel {
    /// From now on nobody is called; the fetch goes on for the others.
    pub fn cancel(self) {
        (self.0)();
    }
}

enum State<T> {
    Waiting(Option<Waker>),
    Callback(Callback<T>),
    Done(Result<T, Refusal>),
    Taken,
}

/// The other end. Dropped without an answer, it answers that keys are unavailable.
pub(crate) struct Resolver<T>(Option<Arc<Shared<T>>>);

impl<T> Ticket<T> {
    pub(crate) fn pair() -> (Self, Resolver<T>) {
        let shared = Arc::new(Shared { state: Mutex::new(State::Waiting(None)), changed: Condvar::new() });
        (Self(Arc::clone(&shared)), Resolver(Some(shared)))
    }

    /// Blocks the thread until the answer is there.
    ///
    /// # Errors
    /// The refusal that is the answer.
    pub fn wait(self) -> Result<T, Refusal> {
        loop {
            if let Some(answer) = self.wait_timeout(Duration::from_secs(3600)) {
                return answer;
            }
        }
    }

    /// Blocks the thread for at most this long; `None` when the answer is not there yet, and the
    /// ticket may be waited for again. Once it has given the answer, it only says that keys are
    /// unavailable.
    #[must_use]
    pub fn wait_timeout(&self, limit: Duration) -> Option<Result<T, Refusal>> {
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.0.lock();
        loop {
            match *state {
                State::Done(_) => return take(&mut state),
                State::Taken => return Some(Err(Refusal::unavailable(Reason::Unavailable, 1000))),
                State::Waiting(_) | State::Callback(_) => {}
            }
            let left = match deadline {
                Some(deadline) => deadline.checked_duration_since(Instant::now())?,
                None => Duration::from_secs(3600),
            };
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Calls `f` with the answer: at once when it is there, otherwise later on another thread, unless
    /// it is cancelled before.
    pub fn on_ready(self, f: impl FnOnce(Result<T, Refusal>) + Send + 'static) -> Cancel
    where
        T: Send + 'static,
    {
        let mut state = self.0.lock();
        if let Some(answer) = take(&mut state) {
            drop(state);
            f(answer);
        } else {
            *state = State::Callback(Box::new(f));
            drop(state);
        }
        let shared = Arc::downgrade(&self.0);
        Cancel(Box::new(move || {
            if let Some(shared) = shared.upgrade() {
                let forgotten = std::mem::replace(&mut *shared.lock(), State::Taken);
                drop(forgotten);
            }
        }))
    }
}

/// Whether nobody waits but those who hold `ours` of the references.
fn is_abandoned<T>(shared: &Arc<Shared<T>>, ours: usize) -> bool {
    match *shared.lock() {
        State::Taken => true,
        State::Callback(_) => false,
        State::Waiting(_) | State::Done(_) => Arc::strong_count(shared) <= ours,
    }
}

/// The answer, where it is there.
fn take<T>(state: &mut State<T>) -> Option<Result<T, Refusal>> {
    match std::mem::replace(state, State::Taken) {
        State::Done(answer) => Some(answer),
        other => {
            *state = other;
            None
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Future for Ticket<T> {
    type Output = Result<T, Refusal>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let Some(answer) = take(&mut state) {
            return Poll::Ready(answer);
        }
        *state = State::Waiting(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl<T> Resolver<T> {
    pub(crate) fn resolve(mut self, answer: Result<T, Refusal>) {
        self.settle(answer);
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.as_ref().is_none_or(|shared| is_abandoned(shared, 1))
    }

    /// Tells the same from elsewhere.
    pub(crate) fn abandonment(&self) -> impl Fn() -> bool + Send + use<T>
    where
        T: Send + 'static,
    {
        let shared = self.0.as_ref().map(Arc::downgrade);
        move || shared.as_ref().and_then(std::sync::Weak::upgrade).is_none_or(|shared| is_abandoned(&shared, 2))
    }

    fn settle(&mut self, answer: Result<T, Refusal>) {
        let Some(shared) = self.0.take() else { return };
        let mut state = shared.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Callback(callback) => {
                drop(state);
                callback(answer);
            }
            State::Waiting(waker) => {
                *state = State::Done(answer);
                drop(state);
                shared.changed.notify_all();
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            State::Done(_) | State::Taken => {}
        }
    }
}

impl<T> Drop for Resolver<T> {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.settle(Err(Refusal::unavailable(Reason::Unavailable, 1000)));
        }
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cancel(..)")
    }
}

impl<T> std::fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use std::sync::mpsc;

    #[test]
    fn a_ticket_is_answered_once_in_each_way() {
        let (ticket, resolver) = Ticket::<u8>::pair();
        assert!(ticket.wait_timeout(Duration::from_millis(1)).is_none());
        let waiting = std::thread::spawn(move || ticket.wait());
        resolver.resolve(Ok(1));
        assert_eq!(waiting.join().unwrap(), Ok(1));

        let (sender, receiver) = mpsc::channel();
        let (ticket, resolver) = Ticket::<u8>::pair();
        let late = sender.clone();
        ticket.on_ready(move |answer| late.send(answer).unwrap());
        resolver.resolve(Ok(2));
        let (ticket, resolver) = Ticket::<u8>::pair();
        resolver.resolve(Ok(3));
        ticket.on_ready(move |answer| sender.send(answer).unwrap());
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Ok(2), Ok(3)]);
    }

    #[test]
    fn a_cancelled_ticket_calls_nobody_and_is_known_to_be_abandoned() {
        let (sender, receiver) = mpsc::channel();
        let (ticket, resolver) = Ticket::<u8>::pair();
        let cancel = ticket.on_ready(move |answer| sender.send(answer).unwrap());
        let is_over = resolver.abandonment();
        assert!(!resolver.is_abandoned() && !is_over());
        cancel.cancel();
        assert!(resolver.is_abandoned() && is_over());
        resolver.resolve(Ok(1));
        assert!(receiver.recv().is_err());
    }

    #[test]
    fn an_abandoned_ticket_is_unavailable() {
        let (ticket, resolver) = Ticket::<u8>::pair();
        drop(resolver);
        assert_eq!(ticket.wait().map_err(|refusal| refusal.code()), Err(Code::KeysUnavailable));
        let (ticket, resolver) = Ticket::<u8>::pair();
        let is_over = resolver.abandonment();
        assert!(!resolver.is_abandoned() && !is_over());
        drop(ticket);
        assert!(resolver.is_abandoned() && is_over());
        resolver.resolve(Ok(1));
        assert!(is_over());
    }
}
