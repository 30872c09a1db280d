//! The verified-signature cache: "this exact token verified under this set of keys", and nothing
//! more. Time and every other check run again on each hit.
//!
//! Bounded and set-associative: a token's bucket is found by a hash under a random key, and a hit
//! compares the whole token. Only verified tokens are stored, so nobody without a key can put
//! anything in or push anything out.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::sync::{AtomicU64, Mutex, Ordering};

/// Entries in a bucket.
const WAYS: usize = 4;

/// What is remembered of tokens: a `T` of each.
pub(crate) struct Cache<T> {
    buckets: Box<[Mutex<Bucket<T>>]>,
    /// Entries of a bucket in use: all but for a cache smaller than one bucket.
    ways: usize,
    hasher: RandomState,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Bucket<T> {
    entries: [Option<Entry<T>>; WAYS],
    /// The entry that the next insertion replaces when all are taken.
    oldest: usize,
}

struct Entry<T> {
    hash: u64,
    token: Box<str>,
    found: T,
}

impl<T: Clone> Cache<T> {
    pub(crate) fn new(max_entries: usize) -> Self {
        let ways = max_entries.clamp(1, WAYS);
        let buckets = max_entries.max(1) / ways;
        Self {
            ways,
            buckets: (0..buckets).map(|_| Mutex::new(Bucket { entries: [const { None }; WAYS], oldest: 0 })).collect(),
            hasher: RandomState::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Never waits: a bucket that is in use, or was when the process forked, is a miss.
    pub(crate) fn find(&self, token: &str) -> Option<T> {
        let hash = self.hasher.hash_one(token);
        let bucket = self.bucket(hash).try_lock().ok()?;
        // The secret hash is compared before the token, so that the time taken says nothing about
        // the bytes of a token that is stored.
        let entry = bucket.entries.iter().flatten().find(|entry| entry.hash == hash && *entry.token == *token)?;
        Some(entry.found.clone())
    }

    /// Counts a look-up whose entry did or did not serve.
    pub(crate) fn count(&self, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn insert(&self, token: &str, found: T) {
        let hash = self.hasher.hash_one(token);
        let Ok(mut bucket) = self.bucket(hash).try_lock() else { return };
        let same = bucket
            .entries
            .iter()
            .position(|entry| entry.as_ref().is_some_and(|entry| entry.hash == hash && *entry.token == *token));
        let free = bucket.entries[..self.ways].iter().position(Option::is_none);
        let slot = same.or(free).unwrap_or_else(|| {
            let oldest = bucket.oldest;
            bucket.oldest = (oldest + 1) % self.ways;
            oldest
        });
        bucket.entries[slot] = Some(Entry { hash, token: token.into(), found });
    }

    #[allow(clippy::cast_possible_truncation)] // any bits of the hash will do
    fn bucket(&self, hash: u64) -> &Mutex<Bucket<T>> {
        &self.buckets[hash as usize % self.buckets.len()]
    }

    /// Look-ups that found something, and those that did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

/// Tokens are credentials: only the size is shown.
impl<T> std::fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("buckets", &self.buckets.len()).finish_non_exhaustive()
    }
}
