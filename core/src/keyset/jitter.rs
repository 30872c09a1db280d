//! Randomness that spreads replicas in time and protects nothing.

/// xorshift64*.
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Uniform in `-bound..bound`.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn within(&mut self, bound: f64) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let unit = (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64;
        (unit * 2.0 - 1.0) * bound
    }
}
