//! HTTP requests in front of a framework, and refusals as HTTP responses.

use bearergate_core::{
    Code, ConnectCode, HttpRequest, OptionValue, Refusal, SkipPaths, Spelling, Told, http_answer, procedure_of,
};
use napi::Env;
use napi::bindgen_prelude::{Buffer, Either, FnArgs, Function};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::answer;
use crate::gate::{HeaderBytes, NativeGate, header_bytes};
use crate::judge::Answered;
use crate::options::describe;
use crate::panic::throwing;
use crate::text::Text;

/// Method, target, whether it is a preflight, credentials.
type Asked = FnArgs<(String, String, bool, Option<Either<String, Vec<String>>>)>;

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
    /// The function that judges one HTTP request: an answer, or a promise of one while keys are fetched or another
    /// thread judges. A server that tells of headers sent twice hands over every value of the credentials header.
    #[napi(
        ts_return_type = "(method: string, target: string, preflight: boolean, credentials: string | string[] | null | undefined) => number | string | Promise<string>"
    )]
    pub fn http_judge<'env>(
        &self,
        env: &'env Env,
        skip_paths: &NativeSkipPaths,
    ) -> napi::Result<Function<'env, Asked, Answered>> {
        let judge = self.requests.clone();
        let skip_paths = skip_paths.paths.clone();
        env.create_function_from_closure("judge", move |call| {
            let (method, target): (Text, Text) = (call.get(0)?, call.get(1)?);
            let preflight = call.get(2)?;
            let credentials: Option<Either<Text, Vec<String>>> = call.get(3)?;
            let credentials: Option<Either<Text, Zeroizing<Vec<String>>>> = credentials.map(|given| match given {
                Either::A(value) => Either::A(value),
                Either::B(values) => Either::B(Zeroizing::new(values)),
            });
            let credentials: Vec<HeaderBytes<'_>> = match &credentials {
                None => Vec::new(),
                Some(Either::A(value)) => vec![header_bytes(value)],
                Some(Either::B(values)) => values.iter().map(|value| header_bytes(value)).collect(),
            };
            let values: Vec<&[u8]> = credentials.iter().map(|value| &**value).collect();
            let request = HttpRequest { method: &method, target: target.as_bytes(), preflight, credentials: &values };
            judge.request(call.env, |gate| gate.check_http(&request, &skip_paths))
        })
    }
}

/// The method that a request target calls, where it could be one of Connect's.
#[napi]
pub fn procedure_of_target(target: String) -> napi::Result<Option<String>> {
    throwing(|| procedure_of(target.as_bytes()))
}

/// The refusal that a defect is, where no gate is near to make it.
#[napi(ts_return_type = "string")]
pub fn internal_refusal() -> Text {
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
