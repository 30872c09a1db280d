//! The one thread that fetches keys. It starts with the first fetch of a process and never before.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

struct Runtime {
    pid: u32,
    handle: Handle,
    /// Ends the thread when dropped.
    _wanted: oneshot::Sender<()>,
}

static RUNTIME: ArcSwapOption<Runtime> = ArcSwapOption::const_empty();

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
    // It runs before anyone can hand it work: work of a runtime that never runs would be dropped where
    // it was handed over.
    let (wanted, unwanted) = oneshot::channel::<()>();
    std::thread::Builder::new().name("bearergate-keys".to_owned()).spawn(move || {
        // The sender is dropped when another thread of this process was faster.
        runtime.block_on(unwanted).ok();
    })?;
    let fresh = Arc::new(Runtime { pid, handle: handle.clone(), _wanted: wanted });
    let before = RUNTIME.compare_and_swap(&seen, Some(fresh));
    let won = match (&*before, &seen) {
        (None, None) => true,
        (Some(before), Some(seen)) => Arc::ptr_eq(before, seen),
        _ => false,
    };
    if !won {
        return RUNTIME.load_full().map(|runtime| runtime.handle.clone()).ok_or_else(|| io::Error::other("no runtime"));
    }
    std::mem::forget(seen);
    Ok(handle)
}
