//! What the operator is told about a gate's keys, carried to a JavaScript function.

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;

use crate::gate::NativeGate;
use crate::panic::throwing;

/// Most events that wait for JavaScript; more are dropped while it is busy.
const MAX_PENDING: usize = 1024;

#[napi]
impl NativeGate {
    /// Has a function called with each event about the keys, as JSON. That keeps no process alive.
    #[napi]
    pub fn on_key_event(&self, listener: Function<String, ()>) -> napi::Result<()> {
        let listener = listener
            .build_threadsafe_function::<String>()
            .weak::<true>()
            .callee_handled::<false>()
            .max_queue_size::<MAX_PENDING>()
            .build()?;
        throwing(|| {
            self.gate.verifier().on_key_event(move |event| {
                listener.call(event.to_json(), ThreadsafeFunctionCallMode::NonBlocking);
            });
        })
    }

    /// What the operator should know about how this gate was built, the one time that it is said.
    #[napi(getter)]
    pub fn advice(&self) -> Option<String> {
        self.gate.verifier().advice().map(str::to_owned)
    }
}
