//! Threads for what takes long to verify, for a host whose own thread must not be held up. They start with
//! the first token that is verified on one, and as many as there are processors, up to four.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::process::PerProcess;

type Job = Box<dyn FnOnce() + Send>;

/// Most threads.
const MAX_THREADS: usize = 4;

/// Most jobs that wait for a thread, and most bytes that they hold.
const MAX_WAITING: usize = 4096;
const MAX_BYTES: usize = 64 << 20;

#[derive(Default)]
struct Crew {
    state: Mutex<State>,
    come: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(usize, Job)>,
    bytes: usize,
    threads: usize,
    idle: usize,
}

static CREW: LazyLock<PerProcess<Crew>> = LazyLock::new(|| PerProcess::new(Crew::default()));

/// Has a thread do this soon, which holds so many bytes; gives it back where none can be had or too much waits
/// already.
pub(crate) fn run(bytes: usize, job: impl FnOnce() + Send + 'static) -> Result<(), Job> {
    let crew = CREW.get_or(Crew::default);
    let mut state = crew.lock();
    if state.jobs.len() >= MAX_WAITING || state.bytes + bytes > MAX_BYTES {
        return Err(Box::new(job));
    }
    if state.jobs.len() >= state.idle && state.threads < threads() {
        let member = std::sync::Arc::clone(&crew);
        let started = std::thread::Builder::new().name("bearergate-verify".to_owned()).spawn(move || member.work());
        state.threads += usize::from(started.is_ok());
    }
    if state.threads == 0 {
        return Err(Box::new(job));
    }
    state.jobs.push_back((bytes, Box::new(job)));
    state.bytes += bytes;
    drop(state);
    crew.come.notify_one();
    Ok(())
}

fn threads() -> usize {
    static THREADS: LazyLock<usize> = LazyLock::new(|| {
        std::thread::available_parallelism().map_or(1, |processors| processors.get().min(MAX_THREADS))
    });
    *THREADS
}

impl Crew {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        loop {
            // What a job says of its own panic is its affair; the thread stays.
            let _ = catch_unwind(AssertUnwindSafe(self.next()));
        }
    }

    fn next(&self) -> Job {
        let mut state = self.lock();
        loop {
            if let Some((bytes, job)) = state.jobs.pop_front() {
                state.bytes -= bytes;
                return job;
            }
            state.idle += 1;
            state = self.come.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn jobs_are_done_by_few_threads_and_a_panic_harms_none() {
        let (sender, done) = channel();
        for job in 0..200 {
            let sender = sender.clone();
            let ran = run(100, move || {
                sender.send((job, std::thread::current().id())).unwrap();
                assert!(job % 50 != 0, "a job's own");
            });
            assert!(ran.is_ok());
        }
        let mut found: Vec<_> = (0..200).map(|_| done.recv_timeout(SOON).unwrap()).collect();
        found.sort_by_key(|(job, _)| *job);
        assert!(found.iter().map(|(job, _)| *job).eq(0..200));
        let threads: std::collections::HashSet<_> = found.into_iter().map(|(_, thread)| thread).collect();
        assert!(threads.len() <= MAX_THREADS, "{} threads", threads.len());
    }
}
