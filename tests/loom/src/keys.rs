//! Key set and cache. A key set is the list of its keys' names; the token verifies under key `a`.

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::cache::Cache;
use crate::in_service::{InService, Next};
use crate::sync::Arc;
use crate::try_all;

type Keys = &'static [&'static str];

const OLD: Keys = &["a", "b"];
const NEW: Keys = &["b"];
const NEWER: Keys = &["b", "c"];

const TOKEN: &str = "a token under a";

/// What the verifier remembers of a token.
#[derive(Clone)]
struct Found {
    generation: u64,
}

/// Puts keys into service as a landing does: in the same generation where they are the same.
fn publish(set: &InService<Keys>, keys: Keys) -> u64 {
    let after = set.publish(|before| match before {
        Some(before) if ***before == keys => Next::Same(keys),
        _ => Next::Other(keys),
    });
    after.generation
}

/// Judges the token as the verifier does: by what is remembered under the keys in service, or by the keys.
fn judge(set: &InService<Keys>, cache: &Cache<Found>) -> bool {
    if let Some(found) = cache.find(TOKEN)
        && set.read().is_some_and(|current| current.generation == found.generation)
    {
        return true;
    }
    let current = set.read().expect("a set");
    let verifies = current.contains(&"a");
    if verifies {
        cache.insert(TOKEN, Found { generation: current.generation });
    }
    verifies
}

fn in_service(keys: Keys) -> Arc<InService<Keys>> {
    Arc::new(InService::new(Some(keys)))
}

pub(crate) fn a_removed_key_is_gone_once_publishing_has_returned() {
    try_all(|| {
        let (set, published) = (in_service(OLD), Arc::new(AtomicBool::new(false)));
        let writer = {
            let (set, published) = (Arc::clone(&set), Arc::clone(&published));
            thread::spawn(move || {
                publish(&set, NEW);
                published.store(true, Ordering::Release);
            })
        };
        let returned = published.load(Ordering::Acquire);
        let current = set.read().expect("a set");
        assert!(!returned || !current.contains(&"a"), "a removed key after its removal");
        writer.join().unwrap();
        assert!(!set.read().expect("a set").contains(&"a"));
    });
}

pub(crate) fn a_generation_is_of_one_set_and_never_of_another() {
    try_all(|| {
        let set = in_service(OLD);
        let writer = {
            let set = Arc::clone(&set);
            thread::spawn(move || (publish(&set, NEW), publish(&set, NEWER)))
        };
        let (mut last, mut seen) = (0, Vec::new());
        for _ in 0..2 {
            let current = set.read().expect("a set");
            assert!(current.generation >= last, "an older generation after a newer one");
            last = current.generation;
            seen.push((current.generation, **current));
        }
        let (second, third) = writer.join().unwrap();
        assert_eq!((second, third), (1, 2));
        for pair in seen {
            assert!([(0, OLD), (1, NEW), (2, NEWER)].contains(&pair), "{pair:?}");
        }
    });
}

pub(crate) fn no_publication_is_lost_and_none_shares_its_generation() {
    try_all(|| {
        let set = in_service(OLD);
        let others: Vec<_> = [NEW, NEWER]
            .map(|keys| {
                let set = Arc::clone(&set);
                thread::spawn(move || (publish(&set, keys), keys))
            })
            .into();
        let made: Vec<_> = others.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|(generation, _)| *generation > 0), "{made:?}");
        assert_ne!(made[0].0, made[1].0, "two sets in one generation");
        let current = set.read().expect("a set");
        // The one that came last was made from what the other had put there, and is numbered after it.
        let last = made.iter().max().expect("two");
        assert_eq!((current.generation, **current), *last);
    });
}

pub(crate) fn the_same_keys_keep_their_generation_whoever_is_faster() {
    try_all(|| {
        let set = in_service(OLD);
        let others: Vec<_> = [OLD, NEW]
            .map(|keys| {
                let set = Arc::clone(&set);
                thread::spawn(move || publish(&set, keys))
            })
            .into();
        let generations: Vec<_> = others.into_iter().map(|thread| thread.join().unwrap()).collect();
        let current = set.read().expect("a set");
        match **current {
            // The same keys first, then the new ones.
            NEW => assert_eq!((generations[0], generations[1]), (0, current.generation)),
            // The old ones came back after the new ones: what was verified under them is not remembered.
            OLD => assert!(generations[0] > generations[1] && generations[0] == current.generation),
            _ => unreachable!(),
        }
    });
}

pub(crate) fn the_cache_never_gives_an_old_generation_for_the_one_in_service() {
    try_all(|| {
        let (set, cache) = (in_service(OLD), Arc::new(Cache::new(4)));
        let published = Arc::new(AtomicBool::new(false));
        let others: Vec<_> = vec![
            {
                let (set, published) = (Arc::clone(&set), Arc::clone(&published));
                thread::spawn(move || {
                    publish(&set, NEW);
                    published.store(true, Ordering::Release);
                })
            },
            {
                // Verifies, and remembers, under whatever it finds.
                let (set, cache) = (Arc::clone(&set), Arc::clone(&cache));
                thread::spawn(move || {
                    judge(&set, &cache);
                })
            },
        ];
        let removed = published.load(Ordering::Acquire);
        let accepted = judge(&set, &cache);
        assert!(!(removed && accepted), "accepted under a key that is gone");
        for other in others {
            other.join().unwrap();
        }
        assert!(!judge(&set, &cache), "remembered under a key that is gone");
    });
}

pub(crate) fn a_key_that_comes_back_is_verified_anew() {
    try_all(|| {
        let (set, cache) = (in_service(OLD), Arc::new(Cache::new(4)));
        assert!(judge(&set, &cache));
        let first = cache.find(TOKEN).expect("remembered").generation;
        let writer = {
            let set = Arc::clone(&set);
            thread::spawn(move || {
                publish(&set, NEW);
                publish(&set, OLD)
            })
        };
        judge(&set, &cache);
        let back = writer.join().unwrap();
        assert_ne!(first, back, "what was verified before the key was removed counts again");
        assert!(judge(&set, &cache));
    });
}

pub(crate) fn a_bucket_holds_what_was_put_in_under_the_token_it_was_put_in_for() {
    try_all(|| {
        let cache = Arc::new(Cache::new(1));
        let drops = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = ["x", "y"]
            .map(|token| {
                let cache: Arc<Cache<&str>> = Arc::clone(&cache);
                let drops = Arc::clone(&drops);
                thread::spawn(move || {
                    cache.insert(token, token);
                    if cache.find(token).is_some_and(|found| found != token) {
                        drops.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .into();
        assert!(cache.find("x").is_none_or(|found| found == "x"));
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(drops.load(Ordering::Relaxed), 0, "another token's entry");
        let (x, y) = (cache.find("x"), cache.find("y"));
        assert!(x.is_none() || y.is_none(), "more entries than the cache may have");
        // The look-ups are over: what is put in now is there.
        cache.insert("z", "z");
        assert_eq!((cache.find("z"), cache.find("x"), cache.find("y")), (Some("z"), None, None));
    });
}
