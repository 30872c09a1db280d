//! Nothing that the specification numbers is without a case: codes, sections, reasons, key sources.

use std::collections::BTreeSet;

use bearergate_core::Code;
use conformance_runner::cases;

/// Refusals that no case can cause: a defect of the verifier.
const WITHOUT_CASE: [Code; 1] = [Code::Internal];

/// Every section that has rules, with the rows and topics that cases name.
const SECTIONS: [&str; 49] = [
    "1",
    "1 durations",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "2 http",
    "3",
    "3.1",
    "3.2",
    "3.3",
    "3.4",
    "3.5",
    "3.6",
    "3.7",
    "3.8",
    "3.9",
    "3.10",
    "3.11",
    "3.12",
    "3.13",
    "3.14",
    "3.15",
    "3.16",
    "3.17",
    "4",
    "4 issuers",
    "5",
    "5 selection",
    "5 cold",
    "5 fresh",
    "5 ageing",
    "5 stale",
    "5 dead",
    "5 backoff",
    "5 cooldown",
    "5 removed",
    "5 clocks",
    "5 age",
    "5 discovery",
    "5 initial",
    "5 responses",
    "6",
    "7",
    "7 authorization",
    "8",
    "9",
    "10",
    "10 http",
];

#[test]
fn every_code_has_a_case() {
    let cases = cases::load();
    let codes: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.steps).filter_map(|step| step["expect"]["error"]["code"].as_str()).collect();
    for code in Code::ALL.iter().filter(|code| !WITHOUT_CASE.contains(code)) {
        assert!(codes.contains(code.as_str()), "{code} has no case");
    }
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(codes.is_subset(&known), "{:?}", codes.difference(&known));
    assert!(cases.iter().any(|case| case.steps[0]["expect"].get("config").is_some()), "ERR_CONFIG has no case");
}

#[test]
fn every_code_says_what_the_table_says() {
    for step in cases::load().iter().flat_map(|case| &case.steps) {
        let error = &step["expect"]["error"];
        if let Some(code) = Code::ALL.iter().find(|code| error["code"] == code.as_str()) {
            assert_eq!(error["connectCode"], code.connect_code().as_str(), "{code}");
        }
    }
}

#[test]
fn every_section_has_cases_and_every_case_a_section() {
    let cases = cases::load();
    let named: BTreeSet<&str> = cases.iter().map(|case| case.spec.as_str()).collect();
    let sections = BTreeSet::from(SECTIONS);
    assert_eq!(sections.difference(&named).collect::<Vec<_>>(), Vec::<&&str>::new(), "sections without a case");
    assert_eq!(named.difference(&sections).collect::<Vec<_>>(), Vec::<&&str>::new(), "cases of no section");
}

#[test]
fn every_key_source_has_cases() {
    let cases = cases::load();
    for source in ["jwks-uri", "pem", "jwk", "jwk-set", "secret", "issuers"] {
        let count = cases.iter().filter(|case| case.id.ends_with(&format!("/{source}"))).count();
        assert!(count > 200, "{source} has {count} cases");
    }
}

#[test]
fn ids_are_unique() {
    let cases = cases::load();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
}
