//! Tokens: what the header, the payload and the signature are to be, down to the byte.
//!
//! A plain header over claims is minted by the core as the testing helpers mint; everything else
//! (hand-made headers, broken pieces) is put together here. A randomized signature that is already
//! committed stays while it verifies.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use bearergate_core::mint::{self, MintHeader};
use serde_json::{Map, Value, json};

use crate::canonical;
use crate::keys::{Key, Keys, b64, hmac_with, try_unb64, unb64};

/// The moment at which most cases play: 2027-01-15T08:00:00Z.
pub const T0: i64 = 1_800_000_000;

static WORLD: OnceLock<World> = OnceLock::new();

struct World {
    keys: Keys,
    committed: HashMap<String, BTreeSet<String>>,
    /// What this run has signed: one signing input has one signature in all files.
    minted: Mutex<HashMap<(String, String), String>>,
}

/// Reads the keys and the signatures of the committed cases.
pub fn set_up(keys: Keys, cases: &Path) {
    let mut committed: HashMap<String, BTreeSet<String>> = HashMap::new();
    let files = std::fs::read_dir(cases).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
            if let Some((input, signature)) = word.rsplit_once('.')
                && input.contains('.')
                && signature.len() > 40
            {
                committed.entry(input.to_owned()).or_default().insert(signature.to_owned());
            }
        }
    }
    assert!(WORLD.set(World { keys, committed, minted: Mutex::default() }).is_ok(), "set up once");
}

fn world() -> &'static World {
    WORLD.get().expect("set up first")
}

/// The committed keys.
pub fn keys() -> &'static Keys {
    &world().keys
}

/// The claims of an ordinary token.
pub fn base_claims() -> Map<String, Value> {
    let claims = json!({
        "iss": "https://issuer.example", "sub": "user-1", "aud": "api", "iat": T0, "exp": T0 + 3600,
    });
    let Value::Object(claims) = claims else { unreachable!() };
    claims
}

#[derive(Clone)]
enum HeaderPart {
    Plain { typ: Option<String>, kid: Option<String> },
    Raw(Vec<u8>),
}

#[derive(Clone)]
enum PayloadPart {
    Claims(Map<String, Value>),
    Raw(Vec<u8>),
}

#[derive(Clone)]
enum SignaturePart {
    Key,
    Secret(Vec<u8>),
    Bytes(Vec<u8>),
}

/// A token to be minted.
#[derive(Clone)]
pub struct Token {
    alg: String,
    key: String,
    header: HeaderPart,
    payload: PayloadPart,
    signature: SignaturePart,
}

impl Token {
    /// An ordinary token signed by the named key.
    pub fn new(key: &str, alg: &str) -> Self {
        Self {
            alg: alg.to_owned(),
            key: key.to_owned(),
            header: HeaderPart::Plain { typ: Some("JWT".into()), kid: Some(key.into()) },
            payload: PayloadPart::Claims(base_claims()),
            signature: SignaturePart::Key,
        }
    }

    /// With a claim set.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        let PayloadPart::Claims(claims) = &mut self.payload else { panic!("a raw payload") };
        claims.insert(name.to_owned(), value.into());
        self
    }

    /// With every member of an object set.
    #[must_use]
    pub fn claims(mut self, more: Value) -> Self {
        let Value::Object(more) = more else { panic!("an object") };
        for (name, value) in more {
            self = self.claim(&name, value);
        }
        self
    }

    /// Without a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let PayloadPart::Claims(claims) = &mut self.payload else { panic!("a raw payload") };
        claims.remove(name);
        self
    }

    /// With exactly these bytes as payload.
    #[must_use]
    pub fn payload(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.payload = PayloadPart::Raw(bytes.as_ref().to_vec());
        self
    }

    /// With the ordinary claims, then members written exactly like this: `"exp":1e400`. A claim
    /// named in the text replaces the ordinary one.
    #[must_use]
    pub fn raw_members(self, text: &str) -> Self {
        let PayloadPart::Claims(mut claims) = self.payload.clone() else { panic!("a raw payload") };
        claims.retain(|name, _| !text.contains(&format!("\"{name}\":")));
        let head = canonical::text(&Value::Object(claims));
        let head = head.strip_suffix('}').expect("an object").to_owned();
        self.payload(format!("{head},{text}}}"))
    }

    /// With exactly these bytes as header; `%ALG%` and `%KID%` stand for the token's own.
    #[must_use]
    pub fn header(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let filled = match std::str::from_utf8(bytes) {
            Ok(text) => text.replace("%ALG%", &self.alg).replace("%KID%", &self.key).into_bytes(),
            Err(_) => bytes.to_vec(),
        };
        self.header = HeaderPart::Raw(filled);
        self
    }

    /// With further header members, written exactly like this: `"crit":["exp"]`.
    #[must_use]
    pub fn header_members(self, text: &str) -> Self {
        self.header(format!(r#"{{"typ":"JWT","alg":"%ALG%","kid":"%KID%",{text}}}"#))
    }

    /// With another `kid`, or none.
    #[must_use]
    pub fn kid(mut self, kid: Option<&str>) -> Self {
        if let HeaderPart::Plain { kid: old, .. } = &mut self.header {
            *old = kid.map(str::to_owned);
        }
        self
    }

    /// With another `typ`, or none.
    #[must_use]
    pub fn typ(mut self, typ: Option<&str>) -> Self {
        if let HeaderPart::Plain { typ: old, .. } = &mut self.header {
            *old = typ.map(str::to_owned);
        }
        self
    }

    /// Signed by another key, the header unchanged.
    #[must_use]
    pub fn signed_by(mut self, key: &str) -> Self {
        self.key = key.to_owned();
        self
    }

    /// With an HMAC of these secret bytes as signature.
    #[must_use]
    pub fn hmac(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.signature = SignaturePart::Secret(secret.as_ref().to_vec());
        self
    }

    /// With exactly these bytes as signature.
    #[must_use]
    pub fn signature(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.signature = SignaturePart::Bytes(bytes.as_ref().to_vec());
        self
    }

    /// The token's good signature, to be bent.
    pub fn signature_bytes(&self) -> Vec<u8> {
        unb64(self.mint().rsplit_once('.').expect("three segments").1)
    }

    /// The payload as text.
    pub fn payload_text(&self) -> Vec<u8> {
        match &self.payload {
            PayloadPart::Claims(claims) => canonical::text(&Value::Object(claims.clone())).into_bytes(),
            PayloadPart::Raw(bytes) => bytes.clone(),
        }
    }

    /// The payload as a value.
    pub fn claims_value(&self) -> Value {
        serde_json::from_slice(&self.payload_text()).expect("claims that parse")
    }

    fn header_text(&self) -> Vec<u8> {
        match &self.header {
            HeaderPart::Raw(bytes) => bytes.clone(),
            HeaderPart::Plain { typ, kid } => self.plain(typ, kid).to_json().into_bytes(),
        }
    }

    fn plain<'a>(&'a self, typ: &'a Option<String>, kid: &'a Option<String>) -> MintHeader<'a> {
        MintHeader { typ: typ.as_deref(), alg: &self.alg, kid: kid.as_deref() }
    }

    /// The compact serialization.
    pub fn mint(&self) -> String {
        let input = format!("{}.{}", b64(self.header_text()), b64(self.payload_text()));
        let signature = match &self.signature {
            SignaturePart::Bytes(bytes) => bytes.clone(),
            SignaturePart::Secret(secret) => hmac_with(&self.alg, secret, input.as_bytes()),
            SignaturePart::Key => return self.keep_or_encode(input),
        };
        format!("{input}.{}", b64(signature))
    }

    /// A signature of this run, else a committed one that still verifies, else a new one.
    fn keep_or_encode(&self, input: String) -> String {
        let slot = (format!("{}/{}", self.key, self.alg), input);
        let minted = world().minted.lock().expect("no panic");
        if let Some(token) = minted.get(&slot) {
            return token.clone();
        }
        drop(minted);
        let (input, key) = (&slot.1, keys().key(&self.key));
        let kept = world().committed.get(input).into_iter().flatten().find(|text| {
            let bytes = try_unb64(text);
            bytes.is_some_and(|bytes| key.verifies(&self.alg, input.as_bytes(), &bytes))
        });
        let token = match kept {
            Some(kept) if !Key::is_deterministic(&self.alg) => format!("{input}.{kept}"),
            _ => self.encode(input, &self.alg),
        };
        world().minted.lock().expect("no panic").insert(slot, token.clone());
        token
    }

    /// Signs afresh, as the core mints where it can write this token.
    fn encode(&self, input: &str, alg: &str) -> String {
        let key = keys().key(&self.key);
        if let HeaderPart::Plain { typ, kid } = &self.header
            && let Ok(claims) = String::from_utf8(self.payload_text())
            && serde_json::from_str::<Value>(&claims).is_ok()
        {
            let token = mint::mint(&self.plain(typ, kid), &claims, key.signing()).expect("a token");
            let (encoded, _) = token.rsplit_once('.').expect("three segments");
            assert_eq!(encoded, input, "both encoders write the same bytes");
            return token;
        }
        format!("{input}.{}", b64(key.sign(alg, input.as_bytes())))
    }
}
