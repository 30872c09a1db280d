//! The path of a request target, where all who read it (this package, a proxy, a framework's router)
//! must read it alike. One that could be taken in two ways is none: nothing is skipped for it.

/// Encodings under which a router may see a separator or a dot that is not there in the raw path.
const ENCODED: [&[u8; 3]; 3] = [b"%2f", b"%5c", b"%2e"];

/// The raw path of a target in origin form (RFC 9112 section 3.2.1), without its query; `None` for any
/// other form and for a path that has more than one reading.
pub(super) fn plain(target: &[u8]) -> Option<&[u8]> {
    if target.first() != Some(&b'/') {
        return None;
    }
    let path = target.split(|byte| *byte == b'?').next()?;
    (is_plain(path) || mutant!("plain-path")).then_some(path)
}

/// Whether a path has one reading only.
pub(super) fn is_plain(path: &[u8]) -> bool {
    // A target has no fragment; some parsers cut one off and others do not. URL parsers drop tabs and
    // line ends wherever they stand.
    let odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b' ' | b'#' | b'\\');
    let encoded = |three: &[u8]| ENCODED.iter().any(|encoded| three.eq_ignore_ascii_case(*encoded));
    !path.iter().any(odd)
        && !path.windows(2).any(|two| two == b"//")
        && !path.windows(3).any(encoded)
        && !path.split(|byte| *byte == b'/').any(is_dots)
}

/// Whether a segment is `.` or `..`, path parameters (`;x`) aside.
fn is_dots(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    matches!(name, b"." | b"..")
}

/// The service and method of a path of exactly two names, as Protobuf has them.
pub(super) fn called(path: &[u8]) -> Option<(&str, &str)> {
    let (service, method) = std::str::from_utf8(path).ok()?.strip_prefix('/')?.split_once('/')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named =
        |text: &str, dotted: bool| !text.is_empty() && text.bytes().all(|byte| is_name(byte) || dotted && byte == b'.');
    (named(service, true) && named(method, false)).then_some((service, method))
}
