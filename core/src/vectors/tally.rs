//! What became of the tests of one file. Each is counted once, under what happened.

use std::collections::BTreeMap;
use std::fmt;

use super::exceptions::{Exception, of_file};
use crate::error::Code;

/// How the core answered a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The signature verifies; of a token, what follows is about its payload.
    Accepted,
    /// The token is refused before its signature is known to be good.
    Refused(Code),
    /// The key, or the algorithm it is for, is refused, so there is nothing to verify with.
    KeyRefused,
    /// The key does not verify the signature.
    NotVerified,
}

impl Answer {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(code) => code.as_str(),
            Self::KeyRefused => "key refused",
            Self::NotVerified => "not verified",
        }
    }
}

/// What a file says its test should come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Valid,
    Invalid,
    /// Either is right by the file; refused is right here.
    Acceptable,
}

impl Label {
    pub(super) fn of(result: &str) -> Self {
        match result {
            "valid" => Self::Valid,
            "invalid" => Self::Invalid,
            "acceptable" => Self::Acceptable,
            other => panic!("a result \"{other}\""),
        }
    }

    fn agrees(self, answer: Answer) -> bool {
        (self == Self::Valid) == (answer == Answer::Accepted)
    }
}

#[derive(Debug)]
pub(super) struct Tally {
    pub(super) file: &'static str,
    passed: usize,
    refused: BTreeMap<&'static str, usize>,
    excepted: Vec<&'static Exception>,
    unsupported: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Tally {
    pub(super) fn new(file: &'static str) -> Self {
        Self {
            file,
            passed: 0,
            refused: BTreeMap::new(),
            excepted: Vec::new(),
            unsupported: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Holds an answer against the file's label, or against the exception for this test.
    pub(super) fn judge(&mut self, tc_id: u64, label: Label, answer: Answer) {
        let about = format!("tcId {tc_id}");
        if let Some(exception) = of_file(self.file).find(|exception| exception.tc_id == tc_id) {
            if label.agrees(answer) {
                self.fail(&about, "is as the file says: the exception for it is to go");
            } else if answer != exception.answer {
                self.fail(&about, &format!("{}, the exception says {}", answer.name(), exception.answer.name()));
            }
            self.excepted.push(exception);
        } else {
            self.count(answer);
            if !label.agrees(answer) {
                self.fail(&about, &format!("labelled {label:?}, and {}", answer.name()));
            }
        }
    }

    /// Holds an answer against the one that is due.
    pub(super) fn expect(&mut self, about: &str, due: Answer, answer: Answer) {
        self.count(answer);
        if answer != due {
            self.fail(about, &format!("{}, due is {}", answer.name(), due.name()));
        }
    }

    /// Counts a test whose parameters no JWS algorithm has.
    pub(super) fn unsupported(&mut self, reason: &str) {
        *self.unsupported.entry(reason.to_owned()).or_default() += 1;
    }

    /// A refusal can be right for the wrong reason; these are the reasons and how often each is due.
    pub(super) fn refused_for(&mut self, due: &[(&'static str, usize)]) {
        if self.refused != due.iter().copied().collect() {
            self.fail("", &format!("refused for {:?}, due are {due:?}", self.refused));
        }
    }

    pub(super) fn fail(&mut self, about: &str, problem: &str) {
        self.failures.push(format!("{} {about}: {problem}", self.file));
    }

    /// Whether every test was counted, and every exception met.
    pub(super) fn finish(&mut self, tests: usize) {
        if self.total() != tests {
            self.fail("", &format!("{} tests were run, {tests} are known", self.total()));
        }
        for exception in of_file(self.file) {
            if !self.excepted.iter().any(|met| met.tc_id == exception.tc_id) {
                self.fail(&format!("tcId {}", exception.tc_id), "has an exception and was not met");
            }
        }
    }

    fn count(&mut self, answer: Answer) {
        match answer {
            Answer::Accepted => self.passed += 1,
            other => *self.refused.entry(other.name()).or_default() += 1,
        }
    }

    pub(super) fn passed(&self) -> usize {
        self.passed
    }

    pub(super) fn refused(&self) -> usize {
        self.refused.values().sum()
    }

    pub(super) fn excepted(&self) -> &[&'static Exception] {
        &self.excepted
    }

    pub(super) fn unsupported_total(&self) -> usize {
        self.unsupported.values().sum()
    }

    pub(super) fn total(&self) -> usize {
        self.passed + self.refused() + self.excepted.len() + self.unsupported_total()
    }

    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }
}

/// `file: 401 tests: 40 accepted, 349 refused (…), 12 excepted, 0 unsupported`, with the reasons below.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} tests: {} accepted, {} refused", self.file, self.total(), self.passed, self.refused())?;
        if !self.refused.is_empty() {
            let refused: Vec<_> = self.refused.iter().map(|(name, count)| format!("{name} {count}")).collect();
            write!(f, " ({})", refused.join(", "))?;
        }
        write!(f, ", {} excepted, {} unsupported", self.excepted.len(), self.unsupported_total())?;
        if !self.failures.is_empty() {
            write!(f, ", {} FAILED", self.failures.len())?;
        }
        for (reason, count) in &self.unsupported {
            write!(f, "\n  unsupported {count}: {reason}")?;
        }
        for exception in &self.excepted {
            write!(f, "\n  exception tcId {}: {}: {}", exception.tc_id, exception.answer.name(), exception.reason)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "wycheproof/json_web_key_test.json";

    fn failures(file: &'static str, tests: usize, judge: impl Fn(&mut Tally)) -> Vec<String> {
        let mut tally = Tally::new(file);
        judge(&mut tally);
        tally.finish(tests);
        tally.failures
    }

    #[test]
    fn a_label_that_is_contradicted_fails() {
        let refused = Answer::Refused(Code::SignatureInvalid);
        for (label, answer) in [(Label::Valid, refused), (Label::Invalid, Answer::Accepted)] {
            assert_eq!(failures("any", 1, |tally| tally.judge(1, label, answer)).len(), 1);
        }
        assert_eq!(failures("any", 1, |tally| tally.judge(1, Label::Acceptable, Answer::Accepted)).len(), 1);
        assert!(failures("any", 1, |tally| tally.judge(1, Label::Valid, Answer::Accepted)).is_empty());
        assert_eq!(failures("any", 1, |tally| tally.expect("it", refused, Answer::KeyRefused)).len(), 1);
        let for_another_reason = |tally: &mut Tally| {
            tally.judge(1, Label::Invalid, refused);
            tally.refused_for(&[("key refused", 1)]);
        };
        assert_eq!(failures("any", 1, for_another_reason).len(), 1);
    }

    #[test]
    fn an_exception_that_is_not_met_as_it_says_fails() {
        let both = |fourth, seventh| {
            failures(KEYS, 2, |tally| {
                tally.judge(4, Label::Invalid, fourth);
                tally.judge(7, Label::Invalid, seventh);
            })
        };
        assert!(both(Answer::Accepted, Answer::Accepted).is_empty());
        assert!(both(Answer::KeyRefused, Answer::Accepted)[0].contains("the exception for it is to go"));
        assert!(failures(KEYS, 1, |tally| tally.judge(4, Label::Invalid, Answer::Accepted))[0].contains("was not met"));
        let signatures = "wycheproof/json_web_signature_test.json";
        let otherwise = failures(signatures, 1, |tally| tally.judge(346, Label::Valid, Answer::KeyRefused));
        assert!(otherwise[0].contains("the exception says ERR_ALG_NOT_ALLOWED"));
    }

    #[test]
    fn a_test_that_did_not_run_fails() {
        assert!(failures("any", 2, |tally| tally.unsupported("it"))[0].contains("1 tests were run, 2 are known"));
    }
}
