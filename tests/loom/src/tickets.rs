//! Tickets: whoever waits for an answer gets it once, in whatever way it waits.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::error::{Reason, Refusal};
use crate::sync::Arc;
use crate::ticket::{Resolver, Ticket};
use crate::try_all;

fn pair() -> (Ticket<u8>, Resolver<u8>) {
    Ticket::pair()
}

pub(crate) fn who_blocks_is_woken_with_the_answer() {
    try_all(|| {
        let (ticket, resolver) = pair();
        let fetch = thread::spawn(move || resolver.resolve(Ok(7)));
        assert_eq!(ticket.wait(), Ok(7));
        fetch.join().unwrap();
    });
}

pub(crate) fn a_callback_is_called_once() {
    try_all(|| {
        let (ticket, resolver) = pair();
        let calls = Arc::new(AtomicUsize::new(0));
        let fetch = thread::spawn(move || resolver.resolve(Ok(7)));
        let called = Arc::clone(&calls);
        let cancel = ticket.on_ready(move |answer| {
            assert_eq!(answer, Ok(7));
            called.fetch_add(1, Ordering::Relaxed);
        });
        fetch.join().unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        drop(cancel);
    });
}

pub(crate) fn who_cancels_in_time_is_not_called() {
    try_all(|| {
        let (ticket, resolver) = pair();
        let (calls, resolving) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let called = Arc::clone(&calls);
        let cancel = ticket.on_ready(move |_| {
            called.fetch_add(1, Ordering::Relaxed);
        });
        let begun = Arc::clone(&resolving);
        let fetch = thread::spawn(move || {
            begun.store(1, Ordering::Release);
            resolver.resolve(Ok(7));
        });
        cancel.cancel();
        let in_time = resolving.load(Ordering::Acquire) == 0;
        fetch.join().unwrap();
        let calls = calls.load(Ordering::Relaxed);
        assert!(calls == 0 || !in_time && calls == 1, "{calls} calls");
    });
}

pub(crate) fn an_answer_that_never_comes_is_a_refusal() {
    try_all(|| {
        let (ticket, resolver) = pair();
        let fetch = thread::spawn(move || drop(resolver));
        assert_eq!(ticket.wait(), Err(Refusal(Reason::Unavailable)));
        fetch.join().unwrap();
    });
}

/// Counts how often it is woken.
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn a_future_is_woken_or_ready() {
    try_all(|| {
        let (ticket, resolver) = pair();
        let bell = Arc::new(Bell(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&bell));
        let mut context = Context::from_waker(&waker);
        let mut ticket = pin!(ticket);
        let fetch = thread::spawn(move || resolver.resolve(Ok(7)));
        let first = ticket.as_mut().poll(&mut context);
        fetch.join().unwrap();
        if first.is_pending() {
            assert_eq!(bell.0.load(Ordering::Relaxed), 1, "nobody woke it");
            assert_eq!(ticket.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
        } else {
            assert_eq!(first, Poll::Ready(Ok(7)));
        }
    });
}
