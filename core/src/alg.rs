//! Algorithm names (RFC 7518, RFC 8037, RFC 8812, RFC 9864, RFC 9964) and sets of them.

use std::fmt;

macro_rules! algs {
    ($($variant:ident = $name:literal,)+) => {
        /// A JWS signature algorithm this crate verifies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum Alg { $($variant,)+ }

        impl Alg {
            pub(crate) const ALL: &'static [Alg] = &[$(Alg::$variant,)+];

            /// Exact and case-sensitive, as the registry spells it.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

algs! {
    Hs256 = "HS256", Hs384 = "HS384", Hs512 = "HS512",
    Rs256 = "RS256", Rs384 = "RS384", Rs512 = "RS512",
    Ps256 = "PS256", Ps384 = "PS384", Ps512 = "PS512",
    Es256 = "ES256", Es384 = "ES384", Es512 = "ES512", Es256k = "ES256K",
    EdDsa = "EdDSA", Ed25519 = "Ed25519",
    MlDsa44 = "ML-DSA-44", MlDsa65 = "ML-DSA-65", MlDsa87 = "ML-DSA-87",
}

/// A set of algorithms.
#[derive(Hash, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AlgSet(u32);

impl AlgSet {
    pub(crate) const EMPTY: Self = Self(0);
    pub(crate) const HMAC: Self = Self::of(&[Alg::Hs256, Alg::Hs384, Alg::Hs512]);
    pub(crate) const RSA: Self = Self::of(&[Alg::Rs256, Alg::Rs384, Alg::Rs512, Alg::Ps256, Alg::Ps384, Alg::Ps512]);
    /// Those whose signatures take some 0.1 ms or more to verify, longer than handing work to another thread.
    pub(crate) const SLOW: Self =
        Self::of(&[Alg::Es384, Alg::Es512, Alg::Es256k, Alg::MlDsa44, Alg::MlDsa65, Alg::MlDsa87]);
    pub(crate) const ED25519: Self = Self::of(&[Alg::EdDsa, Alg::Ed25519]);

    pub(crate) const fn of(algs: &[Alg]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < algs.len() {
            bits |= 1 << algs[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    pub(crate) const fn one(alg: Alg) -> Self {
        Self(1 << alg as u8)
    }

    pub(crate) fn asymmetric() -> Self {
        Alg::ALL.iter().copied().collect::<Self>().without(Self::HMAC)
    }

    pub(crate) fn contains(self, alg: Alg) -> bool {
        self.0 & (1 << alg as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Alg> {
        Alg::ALL.iter().copied().filter(move |alg| self.contains(*alg))
    }
}

impl FromIterator<Alg> for AlgSet {
    fn from_iter<I: IntoIterator<Item = Alg>>(algs: I) -> Self {
        algs.into_iter().fold(Self::EMPTY, |set, alg| set.or(Self::one(alg)))
    }
}

impl fmt::Debug for AlgSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Alg::name)).finish()
    }
}
