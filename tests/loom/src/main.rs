//! What the threads of a process share, model-checked: the core's own modules, compiled over loom's
//! primitives and run once for every order in which the steps of their threads can interleave.

#[path = "../../../core/src/cache.rs"]
#[allow(dead_code)] // counts are of no concern here
mod cache;
mod error;
#[path = "../../../core/src/keyset/in_service.rs"]
mod in_service;
mod keys;
mod sync;
#[path = "../../../core/src/keyset/ticket.rs"]
#[allow(dead_code)]
mod ticket;
mod tickets;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the core's `context` names; tickets carry any answer.
mod context {
    pub struct Verified;
}

static TRIED: AtomicUsize = AtomicUsize::new(0);

/// Runs a model in every order.
fn try_all(model: impl Fn() + Send + Sync + 'static) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    TRIED.store(tried.load(Ordering::Relaxed), Ordering::Relaxed);
}

fn main() {
    macro_rules! run {
        ($($module:ident :: $model:ident,)+) => {$(
            $module::$model();
            println!("{:>7} orders: {}", TRIED.load(Ordering::Relaxed), stringify!($model).replace('_', " "));
        )+};
    }
    run! {
        keys::a_removed_key_is_gone_once_publishing_has_returned,
        keys::a_generation_is_of_one_set_and_never_of_another,
        keys::no_publication_is_lost_and_none_shares_its_generation,
        keys::the_same_keys_keep_their_generation_whoever_is_faster,
        keys::the_cache_never_gives_an_old_generation_for_the_one_in_service,
        keys::a_key_that_comes_back_is_verified_anew,
        keys::a_bucket_holds_what_was_put_in_under_the_token_it_was_put_in_for,
        tickets::who_blocks_is_woken_with_the_answer,
        tickets::a_callback_is_called_once,
        tickets::who_cancels_in_time_is_not_called,
        tickets::an_answer_that_never_comes_is_a_refusal,
        tickets::a_future_is_woken_or_ready,
    }
}
