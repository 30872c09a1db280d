//! `mutant!`, where a check can be dropped by the mutation check of the conformance suite.

/// `true` when the named check is to be dropped, which only a build with the `mutants` feature can
/// be told, by the environment variable `BEARERGATE_MUTANT`.
macro_rules! mutant {
    ($name:literal) => {{
        #[cfg(feature = "mutants")]
        {
            $crate::mutants::is_active($name)
        }
        #[cfg(not(feature = "mutants"))]
        {
            false
        }
    }};
}
