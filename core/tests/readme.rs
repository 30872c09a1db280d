//! The README's table of codes is the core's table of codes.

use std::fmt::Write as _;

use bearergate_core::Code;

#[test]
fn the_readme_lists_every_code_as_the_core_has_it() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- codes -->\n").expect("the table's opening mark");
    let (table, _) = rest.split_once("<!-- /codes -->").expect("the table's closing mark");
    let mut expected = String::from("| code | reason | Python class | meaning |\n|---|---|---|---|\n");
    for code in Code::ALL {
        let (reason, class) = (code.reason().as_str(), code.python_class());
        let _ = writeln!(expected, "| `{}` | {reason} | `{class}` | {} |", code.as_str(), code.summary());
    }
    assert_eq!(table, expected, "the README's table should be:\n{expected}");
}
