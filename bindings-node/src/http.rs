//! HTTP requests in front of a framework, and refusals as HTTP responses.

use std::borrow::Cow;

use bearergate_core::{
    Code, ConnectCode, HttpRequest, OptionValue, Refusal, SkipPaths, Spelling, Told, http_answer, procedure_of,
};
use napi::Env;
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

use crate::answer;
use crate::gate::{Answered, NativeGate, header_bytes};
use crate::options::describe;
use crate::panic::{refusing, throwing};
use crate::text::Text;

/// Compiled paths to skip.
#[napi]
pub struct NativeSkipPaths {
    paths: SkipPaths,
}

/// Compiles the option `skipPaths`, or tells what is wrong with it.
#[napi]
pub fn create_skip_paths(json: String) -> napi::Result<Either<NativeSkipPaths, String>> {
    throwing(|| {
        let paths = OptionValue::from_json(&json).and_then(|value| SkipPaths::read(value, Spelling::Camel));
        match paths {
            Ok(paths) => Either::A(NativeSkipPaths { paths }),
            Err(error) => Either::B(describe(&error)),
        }
    })
}

#[napi]
impl NativeGate {
    /// Judges one HTTP request: an answer, or a promise of one while keys are fetched. A server that
    /// tells of headers sent twice hands over every value of the credentials header.
    #[napi]
    pub fn check_http<'env>(
        &self,
        env: &'env Env,
        skip_paths: &NativeSkipPaths,
        method: String,
        target: String,
        preflight: bool,
        credentials: Option<Either<Text, Vec<Text>>>,
    ) -> napi::Result<Answered<'env>> {
        let credentials: Vec<Cow<'_, [u8]>> = match &credentials {
            None => Vec::new(),
            Some(Either::A(value)) => vec![header_bytes(value)],
            Some(Either::B(values)) => values.iter().map(|value| header_bytes(value)).collect(),
        };
        let values: Vec<&[u8]> = credentials.iter().map(AsRef::as_ref).collect();
        let request = HttpRequest { method: &method, target: target.as_bytes(), preflight, credentials: &values };
        let decided = refusing(&self.gate, || self.decided(self.gate.check_http(&request, &skip_paths.paths)));
        self.answered_request(env, decided)
    }
}

/// The method that a request target calls, where it could be one of Connect's.
#[napi]
pub fn procedure_of_target(target: String) -> napi::Result<Option<String>> {
    throwing(|| procedure_of(target.as_bytes()))
}

/// The refusal that a defect is, where no gate is near to make it.
#[napi]
pub fn internal_refusal() -> String {
    answer::refused(&Refusal::of(Code::Internal))
}

/// A response as it crosses the language border.
#[napi(object)]
pub struct HttpResponse {
    pub status: u32,
    /// `[name, value, name, value, ...]`
    pub headers: Vec<String>,
    pub body: Buffer,
}

/// The response to a refused request, given what its client is told. Nothing for an unknown code.
#[napi]
pub fn answer_http(
    connect_code: String,
    message: String,
    challenge: Option<String>,
    retry_after: Option<u32>,
    content_type: Option<String>,
) -> napi::Result<Option<HttpResponse>> {
    throwing(|| {
        let code = ConnectCode::from_name(&connect_code)?;
        let told = Told { code, message: &message, challenge: challenge.as_deref(), retry_after };
        let answer = http_answer(told, content_type.as_deref());
        let headers = answer.headers.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        Some(HttpResponse { status: answer.status.into(), headers, body: answer.body.into() })
    })
}
