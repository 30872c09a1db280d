//! JSON texts that parsers read differently, each signed as it stands.

use super::{Kind, kind};
use crate::draft::{Draft, Stage, quoted};
use crate::random::Random;

use Stage::{Bytes, Members};

pub const KINDS: &[Kind] = &[
    kind("json-byte-order-mark", Bytes, |draft, random| {
        text(draft, random).splice(0..0, [0xef, 0xbb, 0xbf]);
    }),
    kind("json-not-utf8", Bytes, |draft, random| {
        let bad: &[u8] =
            random.choose(&[&[0xff][..], &[0xc0, 0xaf], &[0xed, 0xa0, 0x80], &[0xf5, 0x80, 0x80, 0x80], &[0xe2, 0x82]]);
        insert_member(text(draft, random), &[b"\"raw\":\"", bad, b"\""].concat());
    }),
    kind("json-utf16", Bytes, |draft, random| {
        let wide: Vec<u8> = text(draft, random).iter().flat_map(|byte| [*byte, 0]).collect();
        *text(draft, random) = wide;
    }),
    kind("json-trailing-comma", Bytes, |draft, random| insert_before_end(text(draft, random), b",")),
    kind("json-trailing-text", Bytes, |draft, random| {
        let more: &[u8] = random.choose(&[&b"x"[..], b"{}", b"\0", b"}", b",", b"//"]);
        text(draft, random).extend_from_slice(more);
    }),
    kind("json-space-around", Bytes, |draft, random| {
        let space: &[u8] = random.choose(&[&b" "[..], b"\n", b"\t\r\n", b"\x0b", b"\x0c", b"\xc2\xa0"]);
        let text = text(draft, random);
        text.splice(0..0, space.iter().copied());
        text.extend_from_slice(space);
    }),
    kind("json-duplicate-claim", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &br#""sub":"user-2""#[..],
            br#""exp":99999999999"#,
            br#""iss":"https://evil.example""#,
            br#""new":1,"new":1"#,
        ]);
        insert_member(&mut draft.payload_bytes, member);
    }),
    kind("json-duplicate-escaped", Bytes, |draft, _| {
        insert_member(&mut draft.payload_bytes, br#""s\u0075b":"user-2""#);
    }),
    kind("json-duplicate-nested", Bytes, |draft, _| {
        insert_member(&mut draft.payload_bytes, br#""deep":[{"a":1,"b":{"c":1,"c":2}}]"#);
    }),
    kind("json-duplicate-header", Bytes, |draft, random| {
        let member: &[u8] =
            random.choose(&[&br#""alg":"none""#[..], br#""kid":"other""#, br#""typ":"JWT""#, br#""a\u006cg":"HS256""#]);
        insert_member(&mut draft.header_bytes, member);
    }),
    kind("json-lone-surrogate", Bytes, |draft, random| {
        let member: &[u8] =
            random.choose(&[&br#""x":"\ud800""#[..], br#""x":"\udc00\ud800""#, br#""\ud83d":1"#, br#""x":"\uD83Dx""#]);
        insert_member(text(draft, random), member);
    }),
    kind("json-surrogate-pair", Bytes, |draft, random| {
        insert_member(text(draft, random), br#""\ud83d\ude00":"\uD83D\uDE00 \u00e9""#);
    }),
    kind("json-infinite-number", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[&br#""x":1e400"#[..], br#""x":[-1e999]"#, br#""x":1E+309"#]);
        insert_member(text(draft, random), member);
    }),
    kind("json-large-number", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &br#""x":9007199254740993"#[..],
            br#""x":18446744073709551616"#,
            br#""x":-9223372036854775809"#,
            br#""x":1e308"#,
            br#""x":123456789012345678901234567890"#,
        ]);
        insert_member(text(draft, random), member);
    }),
    kind("json-odd-number", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &br#""x":-0"#[..],
            br#""x":1.0"#,
            br#""x":1E2"#,
            br#""x":0.1e-7"#,
            br#""x":5e-324"#,
            br#""x":2e-400"#,
            br#""x":0.30000000000000004"#,
        ]);
        insert_member(text(draft, random), member);
    }),
    kind("json-not-a-number", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &br#""x":NaN"#[..],
            br#""x":Infinity"#,
            br#""x":-Infinity"#,
            br#""x":01"#,
            br#""x":+1"#,
            br#""x":.5"#,
            br#""x":1."#,
            br#""x":0x10"#,
            br#""x":1_000"#,
            br#""x":-"#,
            br#""x":1e"#,
        ]);
        insert_member(text(draft, random), member);
    }),
    kind("json-depth", Members, |draft, random| {
        // The outer object is level 1: 31 arrays more are allowed, 32 are not.
        let depth = random.choose(&[30, 31, 32, 33, 64, 127, 128, 200, 1200]);
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        if random.one_in(3) { draft.header.set("x", value) } else { draft.claims.set("x", value) }
    }),
    kind("json-single-quotes", Bytes, |draft, random| insert_member(text(draft, random), b"'x':'y'")),
    kind("json-comment", Bytes, |draft, random| {
        let comment: &[u8] = random.choose(&[&b"/* x */"[..], b"// x\n", b"# x\n"]);
        insert_before_end(text(draft, random), comment);
    }),
    kind("json-control-character", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &b"\"x\":\"a\nb\""[..],
            b"\"x\":\"\0\"",
            b"\"x\":\"\x1f\"",
            b"\"x\":\"\t\"",
            b"\"x\":\"\x7f\"",
        ]);
        insert_member(text(draft, random), member);
    }),
    kind("json-odd-escape", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[
            &br#""x":"\x41""#[..],
            br#""x":"\u12""#,
            br#""x":"\'""#,
            br#""x":"\u{41}""#,
            br#""x":"\/\b\f""#,
            br#""x":"\U0041""#,
        ]);
        insert_member(text(draft, random), member);
    }),
    kind("json-nul-escape", Bytes, |draft, random| insert_member(text(draft, random), br#""x\u0000":"\u0000""#)),
    kind("json-word-case", Bytes, |draft, random| {
        let member: &[u8] = random.choose(&[&br#""x":True"#[..], br#""x":NULL"#, br#""x":undefined"#, br#""x":tru"#]);
        insert_member(text(draft, random), member);
    }),
    kind("json-payload-not-an-object", Bytes, |draft, random| {
        let value: &[u8] =
            random.choose(&[&b"[]"[..], b"null", b"\"x\"", b"1", b"true", b"[{\"sub\":\"x\"}]", b"", b" "]);
        draft.payload_bytes = value.to_vec();
    }),
    kind("json-payload-empty-object", Bytes, |draft, _| draft.payload_bytes = b"{}".to_vec()),
    kind("json-header-not-an-object", Bytes, |draft, random| {
        let value: &[u8] =
            random.choose(&[&b"[]"[..], b"null", b"\"RS256\"", b"{}", b" ", b"{\"alg\"", b"[{\"alg\":\"HS256\"}]"]);
        draft.header_bytes = value.to_vec();
    }),
    kind("json-payload-random", Bytes, |draft, random| {
        let length = 1 + random.below(40);
        draft.payload_bytes = random.bytes(length);
    }),
    kind("json-names-escaped", Bytes, |draft, random| {
        let text = text(draft, random);
        *text = String::from_utf8_lossy(text).replace("\"s", "\"\\u0073").replace("\"a", "\"\\u0061").into_bytes();
    }),
    kind("json-prototype-names", Members, |draft, random| {
        let name = random.choose(&["__proto__", "constructor", "hasOwnProperty", "toString", ""]);
        let value = random.choose(&[r#"{"sub":"user-2","iss":1}"#, "null", "1"]);
        if random.one_in(3) { draft.header.set(name, value) } else { draft.claims.set(name, value) }
    }),
    kind("json-brackets-unbalanced", Bytes, |draft, random| {
        text(draft, random).pop();
    }),
    kind("json-byte-changed", Bytes, |draft, random| {
        let byte = random.byte();
        let text = text(draft, random);
        let at = usize::from(byte) % text.len().max(1);
        if let Some(changed) = text.get_mut(at) {
            *changed ^= 1 << (byte % 8);
        }
    }),
    kind("json-many-members", Members, |draft, random| {
        for at in 0..random.below(60) {
            draft.claims.set(&format!("m{at}"), "0");
        }
        if random.one_in(4) {
            draft.claims.0.push(("m0".to_owned(), "1".to_owned()));
        }
    }),
    kind("json-other-scripts", Members, |draft, random| {
        let value = random.choose(&["é", "日本語", "\u{1f600}", "\u{2028}\u{2029}", "\u{feff}", "\u{7f}", "e\u{301}"]);
        draft.claims.set("name", quoted(value));
        draft.claims.set(value, quoted(value));
    }),
];

/// Mostly the payload, sometimes the header.
fn text<'a>(draft: &'a mut Draft<'_>, random: &mut Random) -> &'a mut Vec<u8> {
    if random.one_in(3) { &mut draft.header_bytes } else { &mut draft.payload_bytes }
}

fn insert_before_end(text: &mut Vec<u8>, more: &[u8]) {
    let end = text.len().saturating_sub(1);
    text.splice(end..end, more.iter().copied());
}

fn insert_member(text: &mut Vec<u8>, member: &[u8]) {
    insert_before_end(text, &[b",", member].concat());
}
