//! A token on its way from members to text. Each kind of mutation works on one stage of it; what
//! follows that stage is made from what the mutation left, the signature included, so that most
//! mutants reach the checks behind the signature.

use conformance_generator::keys::{Keys, b64, hmac_with};

/// Where a mutation takes hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Members of header and claims.
    Members,
    /// The JSON texts.
    Bytes,
    /// The first two segments.
    Segments,
    /// Who signs, and under which algorithm.
    Signer,
    /// The signature's bytes.
    Signature,
    /// The third segment.
    SignatureSegment,
    /// The whole text.
    Token,
}

/// The members of an object, each value as raw JSON text.
#[derive(Clone, Default)]
pub struct Members(pub Vec<(String, String)>);

impl Members {
    /// Sets a member to raw JSON.
    pub fn set(&mut self, name: &str, raw: impl Into<String>) {
        let raw = raw.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = raw,
            None => self.0.push((name.to_owned(), raw)),
        }
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// A member's raw JSON.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("null", |(_, raw)| raw)
    }

    /// The object's text.
    pub fn text(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, raw)| format!("{}:{raw}", quoted(name))).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Who signs.
pub struct Signer {
    /// The name of a committed key.
    pub key: String,
    /// The algorithm it signs with, whatever the header says.
    pub alg: String,
    /// An HMAC secret that stands in for the key.
    pub secret: Option<Vec<u8>>,
    /// Whether the signature is that of the token before it was mutated.
    pub stale: bool,
}

/// A token in the making.
pub struct Draft<'a> {
    /// The committed keys.
    pub keys: &'a Keys,
    /// The moment at which every verifier stands, in seconds since the epoch.
    pub now: i64,
    /// The clock tolerance that it is judged with.
    pub tolerance: i64,
    pub header: Members,
    pub claims: Members,
    pub header_bytes: Vec<u8>,
    pub payload_bytes: Vec<u8>,
    pub header_segment: String,
    pub payload_segment: String,
    pub signer: Signer,
    pub signature: Vec<u8>,
    pub signature_segment: String,
    pub token: String,
    stage: Stage,
    original: String,
}

impl<'a> Draft<'a> {
    /// A valid token, not yet signed.
    pub fn new(keys: &'a Keys, now: i64, tolerance: i64, header: Members, claims: Members, signer: Signer) -> Self {
        let original = format!("{}.{}", b64(header.text()), b64(claims.text()));
        Self {
            keys,
            now,
            tolerance,
            header,
            claims,
            signer,
            original,
            stage: Stage::Members,
            header_bytes: Vec::new(),
            payload_bytes: Vec::new(),
            header_segment: String::new(),
            payload_segment: String::new(),
            signature: Vec::new(),
            signature_segment: String::new(),
            token: String::new(),
        }
    }

    /// Makes everything up to the given stage.
    pub fn advance(&mut self, to: Stage) {
        while self.stage < to {
            self.stage = match self.stage {
                Stage::Members => {
                    self.header_bytes = self.header.text().into_bytes();
                    self.payload_bytes = self.claims.text().into_bytes();
                    Stage::Bytes
                }
                Stage::Bytes => {
                    self.header_segment = b64(&self.header_bytes);
                    self.payload_segment = b64(&self.payload_bytes);
                    Stage::Segments
                }
                Stage::Segments => Stage::Signer,
                Stage::Signer => {
                    let input = format!("{}.{}", self.header_segment, self.payload_segment);
                    let input = if self.signer.stale { &self.original } else { &input };
                    self.signature = self.sign(input.as_bytes());
                    Stage::Signature
                }
                Stage::Signature => {
                    self.signature_segment = b64(&self.signature);
                    Stage::SignatureSegment
                }
                Stage::SignatureSegment | Stage::Token => {
                    self.token = format!("{}.{}.{}", self.header_segment, self.payload_segment, self.signature_segment);
                    Stage::Token
                }
            };
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let Signer { key, alg, secret, .. } = &self.signer;
        match secret {
            Some(secret) => hmac_with(alg, secret, message),
            None => self.keys.key(key).sign(alg, message),
        }
    }
}
