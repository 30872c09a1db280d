//! The one thread that fetches keys. It starts with the first fetch of a process and never before.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle};

struct Runtime {
    pid: u32,
    handle: Handle,
}

static RUNTIME: ArcSwapOption<Runtime> = ArcSwapOption::const_empty();

/// Runs something this much later, or at once where there can be no thread to wait on.
pub(crate) fn run_after(delay: Duration, then: impl FnOnce() + Send + 'static) {
    match handle() {
        Ok(handle) => drop(handle.spawn(async move {
            tokio::time::sleep(delay).await;
            then();
        })),
        Err(_) => then(),
    }
}

/// This process's runtime. A child leaks its parent's and starts its own.
pub(super) fn handle() -> io::Result<Handle> {
    let pid = std::process::id();
    let seen = RUNTIME.load_full();
    if let Some(runtime) = &seen
        && runtime.pid == pid
    {
        return Ok(runtime.handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let fresh = Arc::new(Runtime { pid, handle: handle.clone() });
    let before = RUNTIME.compare_and_swap(&seen, Some(fresh));
    let won = match (&*before, &seen) {
        (None, None) => true,
        (Some(before), Some(seen)) => Arc::ptr_eq(before, seen),
        _ => false,
    };
    if !won {
        // Another thread of this process was faster.
        runtime.shutdown_background();
        return RUNTIME.load_full().map(|runtime| runtime.handle.clone()).ok_or_else(|| io::Error::other("no runtime"));
    }
    std::mem::forget(seen);
    let spawned = std::thread::Builder::new()
        .name("bearergate-keys".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()));
    if let Err(error) = spawned {
        RUNTIME.store(None);
        return Err(error);
    }
    Ok(handle)
}
