//! The text that every request brings, read in one pass and into memory that is there already.

use std::cell::Cell;
use std::ops::Deref;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{ValueType, check_status, sys};

/// Bytes to begin with; three times what most tokens have, from where V8 need not count before it writes.
const FIRST: usize = 8 * 1024;

/// Most bytes that are kept for the next text.
const KEPT: usize = 64 * 1024;

/// The longest character.
const CHARACTER: usize = 4;

thread_local! {
    static MEMORY: Cell<String> = const { Cell::new(String::new()) };
}

/// A string argument. `String` is the same to the callers, but takes an allocation and two passes more.
pub struct Text(String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if self.0.capacity() <= KEPT {
            // Where the thread is coming to its end there is no next.
            let _ = MEMORY.try_with(|memory| memory.set(std::mem::take(&mut self.0)));
        }
    }
}

impl TypeName for Text {
    fn type_name() -> &'static str {
        "String"
    }

    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ValidateNapiValue for Text {}

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let mut bytes = MEMORY.take().into_bytes();
        bytes.clear();
        bytes.reserve(FIRST);
        loop {
            let room = bytes.capacity();
            let mut written = 0;
            // SAFETY: the caller vouches for `env` and `value`, and `bytes` has this much room.
            let status = unsafe {
                sys::napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), room, &raw mut written)
            };
            check_status!(status, "a string is wanted")?;
            // A character that does not fit is left out, and so is the room for the zero at the end.
            if written + CHARACTER < room {
                // SAFETY: so many bytes have been written.
                unsafe { bytes.set_len(written) };
                break;
            }
            bytes.reserve(4 * room);
        }
        let text = String::from_utf8(bytes);
        Ok(Self(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())))
    }
}
