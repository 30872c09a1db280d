//! The texts that every request brings and is answered with, in memory that is there already.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{ValueType, check_status, sys};
use zeroize::optimization_barrier;

/// Bytes to begin with; three times what most tokens have, from where V8 need not count before it writes.
const FIRST: usize = 8 * 1024;

/// Most bytes that are kept for the next text.
const KEPT: usize = 64 * 1024;

/// Texts that there are at once: method, target, credentials, answer.
const AT_ONCE: usize = 4;

/// The longest character.
const CHARACTER: usize = 4;

thread_local! {
    static MEMORY: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A string that crosses the border. `String` is the same to JavaScript, but takes an allocation, and a pass or two
/// more.
#[derive(Default)]
pub struct Text(String);

impl Text {
    /// No text yet, but room for so many bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = memory();
        bytes.reserve(capacity);
        Self(String::from_utf8(bytes).unwrap_or_default())
    }
}

/// Memory without text in it. Where the thread is coming to its end there is none left.
fn memory() -> Vec<u8> {
    MEMORY.try_with(|memory| memory.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

impl Drop for Text {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        // A token is not to stay here for as long as the thread, nor in memory that nobody holds.
        wipe(&mut bytes);
        bytes.clear();
        if (1..=KEPT).contains(&bytes.capacity()) {
            let _ = MEMORY.try_with(|memory| {
                let mut memory = memory.borrow_mut();
                if memory.len() < AT_ONCE {
                    memory.push(bytes);
                }
            });
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Text {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for Text {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
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
        let mut bytes = memory();
        bytes.reserve(FIRST);
        // SAFETY: the caller vouches for `env` and `value`.
        unsafe { read(env, value, &mut bytes)? };
        // A character that does not fit is left out, and so is the room for the zero at the end.
        if bytes.len() + CHARACTER >= bytes.capacity() {
            let mut length = 0;
            // SAFETY: as above; without memory to write to, the length is told.
            let status = unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut length) };
            check_status!(status, "a string is wanted")?;
            wipe(&mut bytes);
            bytes = Vec::with_capacity(length + 1);
            // SAFETY: as above.
            unsafe { read(env, value, &mut bytes)? };
        }
        let text = String::from_utf8(bytes);
        Ok(Self(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())))
    }
}

/// Clears what the compiler sees nobody read again.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// Reads as much of a string as there is room for.
///
/// # Safety
///
/// `env` and `value` are of the call that is under way.
unsafe fn read(env: sys::napi_env, value: sys::napi_value, bytes: &mut Vec<u8>) -> napi::Result<()> {
    let mut written = 0;
    // SAFETY: the caller vouches for `env` and `value`, and `bytes` has this much room.
    let status = unsafe {
        sys::napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), bytes.capacity(), &raw mut written)
    };
    check_status!(status, "a string is wanted")?;
    // SAFETY: so many bytes have been written.
    unsafe { bytes.set_len(written) };
    Ok(())
}

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> napi::Result<sys::napi_value> {
        // What is ASCII needs no decoding.
        let create = if text.is_ascii() { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
        let length = isize::try_from(text.len()).map_err(|error| napi::Error::from_reason(error.to_string()))?;
        let mut value = ptr::null_mut();
        // SAFETY: the caller vouches for `env`, and the text is so long.
        check_status!(unsafe { create(env, text.as_ptr().cast(), length, &raw mut value) })?;
        Ok(value)
    }
}
