//! Writes the seeds of every target into a folder each, for libFuzzer to read.

use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the folder to write to"));
    for (target, _) in bearergate_fuzz::TARGETS {
        let folder = folder.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (i, seed) in bearergate_fuzz::seeds::of(target).iter().enumerate() {
            fs::write(folder.join(format!("{i:04}")), seed).expect("a file");
        }
    }
}
