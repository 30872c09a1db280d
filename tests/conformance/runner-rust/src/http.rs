//! A request in front of a framework, as an adapter treats it.

use bearergate_core::{Gate, HttpRequest, SkipPaths, http_answer};
use serde_json::{Map, Value, json};

use crate::run::{context, credentials, headers_of, identity, settled};

/// What the handler's side would see, or what the caller is answered.
pub(crate) fn request(gate: &Gate, skip_paths: &SkipPaths, asked: &Value, hook: Option<&str>) -> Value {
    let headers: Vec<(String, String)> = headers_of(asked).collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let credentials = credentials(gate, &headers);
    let credentials: Vec<&[u8]> = credentials.iter().map(Vec::as_slice).collect();
    let request = HttpRequest {
        method: asked["method"].as_str().expect("a method"),
        target: asked["target"].as_str().expect("a target").as_bytes(),
        preflight: header("access-control-request-method").is_some(),
        credentials: &credentials,
    };
    match settled(gate, gate.check_http(&request, skip_paths), hook) {
        None => json!({ "skipped": true, "headers": {} }),
        Some(Ok((verified, headers))) => json!({ "context": context(&verified), "headers": identity(&[], &headers) }),
        Some(Err(refusal)) => {
            let answer = http_answer(&refusal, header("content-type"));
            let headers: Map<String, Value> =
                answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let body: String = answer.body.into_iter().map(char::from).collect();
            json!({ "answer": { "status": answer.status, "headers": headers, "body": body } })
        }
    }
}
