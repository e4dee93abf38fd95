//! The project's own files.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The top of the project.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file that git knows or would add, with these endings, as (path from the top, text).
pub(crate) fn files(endings: &[&str]) -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(top())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git ls-files failed");
    let files: Vec<(String, String)> = String::from_utf8(listed.stdout)
        .expect("paths are UTF-8")
        .lines()
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        .filter_map(|path| {
            let text = std::fs::read_to_string(top().join(path)).ok()?;
            Some((path.to_owned(), text))
        })
        .collect();
    assert!(
        !files.is_empty(),
        "no files with {endings:?}: the rule would prove nothing"
    );
    files
}
