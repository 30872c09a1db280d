//! A refusal as an HTTP response, in the protocol that the caller speaks: gRPC and gRPC-Web without a
//! body, a Connect stream with its last message, anything else with a status and Connect's JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error::{ConnectCode, Refusal};

/// A whole response. The length of its body is for whoever sends it to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for gRPC and gRPC-Web.
    pub body: Vec<u8>,
}

/// What a client is told of a refusal, in whatever protocol.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Connect's code.
    pub code: ConnectCode,
    /// The client's message.
    pub message: &'a str,
    /// Value of `WWW-Authenticate`.
    pub challenge: Option<&'a str>,
    /// Value of `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl<'a> From<&'a Refusal> for Told<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.connect_code(),
            message: refusal.message(),
            challenge: refusal.challenge(),
            retry_after: refusal.retry_after(),
        }
    }
}

/// The answer to a refused request whose `Content-Type` is this.
#[must_use]
pub fn http_answer<'a>(told: impl Into<Told<'a>>, content_type: Option<&str>) -> HttpAnswer {
    let told = told.into();
    let error = Error { code: told.code.as_str(), message: told.message };
    let (status, content_type, body) = match Protocol::of(content_type) {
        Protocol::Grpc(essence) => (200, essence, Vec::new()),
        Protocol::ConnectStream(essence) => (200, essence, end_of_stream(&error)),
        Protocol::Plain => (told.code.http_status(), "application/json".to_owned(), json(&error)),
    };
    let mut headers = vec![("content-type", content_type)];
    if status == 200 && body.is_empty() {
        headers.push(("grpc-status", told.code.grpc_status().to_string()));
        headers.push(("grpc-message", percent_encoded(told.message)));
    }
    // In the header alone, also for a stream: a Connect client adds the response's headers to the error's
    // metadata, where what its last message repeats would stand twice.
    headers
        .extend(told.challenge.filter(|text| is_header_text(text)).map(|text| ("www-authenticate", text.to_owned())));
    headers.extend(told.retry_after.map(|seconds| ("retry-after", seconds.to_string())));
    HttpAnswer { status, headers, body }
}

/// What a request's content type says of its protocol; with the type to answer in.
enum Protocol {
    /// gRPC or gRPC-Web.
    Grpc(String),
    ConnectStream(String),
    /// Connect unary, or anything else that speaks HTTP.
    Plain,
}

impl Protocol {
    fn of(content_type: Option<&str>) -> Self {
        let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        // It is sent back, so it has to be what a header may hold.
        let Some(subtype) = essence.strip_prefix("application/").filter(|subtype| is_subtype(subtype)) else {
            return Self::Plain;
        };
        match subtype.split_once('+').unwrap_or((subtype, "")) {
            ("grpc" | "grpc-web" | "grpc-web-text", _) => Self::Grpc(essence),
            ("connect", format) if !format.is_empty() => Self::ConnectStream(essence),
            _ => Self::Plain,
        }
    }
}

/// A restricted name of RFC 6838 section 4.2.
fn is_subtype(text: &str) -> bool {
    text.len() <= 127 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// An error as Connect writes it.
#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

/// Connect's `EndStreamResponse`.
#[derive(Serialize)]
struct EndStream<'a> {
    error: &'a Error<'a>,
}

/// Marks the envelope of an `EndStreamResponse`.
const END_STREAM: u8 = 0b10;

fn end_of_stream(error: &Error<'_>) -> Vec<u8> {
    let message = json(&EndStream { error });
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut envelope = vec![END_STREAM];
    envelope.extend(length.to_be_bytes());
    envelope.extend(message);
    envelope
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// `grpc-message` (gRPC over HTTP/2, Responses); encoded more than must be, as Connect does it too.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Reason};

    fn answer(code: Code, content_type: &str) -> HttpAnswer {
        http_answer(&Refusal::new(code), Some(content_type))
    }

    fn header<'a>(answer: &'a HttpAnswer, name: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn each_protocol_is_told_by_the_type_alone() {
        for (content_type, status, answered) in [
            ("application/grpc", 200, "application/grpc"),
            ("application/grpc+proto", 200, "application/grpc+proto"),
            ("Application/GRPC-Web+Proto; charset=x", 200, "application/grpc-web+proto"),
            ("application/grpc-web-text", 200, "application/grpc-web-text"),
            ("application/grpc-web-text+proto", 200, "application/grpc-web-text+proto"),
            (" application/connect+json ;a", 200, "application/connect+json"),
            ("APPLICATION/CONNECT+PROTO", 200, "application/connect+proto"),
            ("application/json", 401, "application/json"),
            ("application/proto", 401, "application/json"),
            ("application/grpcs", 401, "application/json"),
            ("application/grpc-webby", 401, "application/json"),
            ("application/connect", 401, "application/json"),
            ("application/connect+", 401, "application/json"),
            ("application/grpc+\u{e9}", 401, "application/json"),
            ("application/grpc+a\r\nx: y", 401, "application/json"),
            ("text/html", 401, "application/json"),
            ("", 401, "application/json"),
        ] {
            let answer = answer(Code::TokenExpired, content_type);
            assert_eq!((answer.status, header(&answer, "content-type")), (status, Some(answered)), "{content_type:?}");
            assert_eq!(header(&answer, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
        }
        assert_eq!(http_answer(&Refusal::new(Code::TokenExpired), None).status, 401);
    }

    #[test]
    fn grpc_has_no_body_and_the_status_in_its_headers() {
        for (refusal, status) in
            [(Refusal::new(Code::SubjectMissing), "16"), (Refusal::unavailable(Reason::Unavailable, 5000), "14")]
        {
            let answer = http_answer(&refusal, Some("application/grpc"));
            assert_eq!((header(&answer, "grpc-status"), answer.body.len()), (Some(status), 0));
            assert_eq!(header(&answer, "grpc-message").map(|text| text.contains(' ')), Some(false));
        }
        assert_eq!(percent_encoded("a b%\u{e9}"), "a%20b%25%C3%A9");
    }

    #[test]
    fn a_connect_stream_ends_with_one_envelope() {
        let answer = answer(Code::CredentialsMissing, "application/connect+proto");
        let message = br#"{"error":{"code":"unauthenticated","message":"Missing credentials"}}"#;
        assert_eq!(answer.body[..5], [2, 0, 0, 0, u8::try_from(message.len()).unwrap()]);
        assert_eq!(answer.body[5..], message[..]);
        assert_eq!(header(&answer, "grpc-status"), None);
    }

    #[test]
    fn an_outage_says_when_to_come_again() {
        for content_type in ["application/grpc-web", "application/connect+json", "application/json"] {
            let answer = http_answer(&Refusal::unavailable(Reason::Unavailable, 4200), Some(content_type));
            assert_eq!(header(&answer, "retry-after"), Some("5"), "{content_type}");
            assert_eq!(header(&answer, "www-authenticate"), None);
        }
        let plain = http_answer(&Refusal::unavailable(Reason::Unavailable, 4200), None);
        assert_eq!(plain.status, 503);
        assert_eq!(plain.body, br#"{"code":"unavailable","message":"Authentication temporarily unavailable"}"#);
    }

    #[test]
    fn a_challenge_that_no_header_can_hold_is_left_out() {
        let told = Told {
            code: ConnectCode::Unauthenticated,
            message: "m",
            challenge: Some("Bearer\r\nx: y"),
            retry_after: None,
        };
        assert_eq!(header(&http_answer(told, None), "www-authenticate"), None);
    }
}
