//! The last that was said in a container, running or not.

use std::time::Duration;

use super::archive;
use super::flavour::Flavour;
use super::link::Link;

/// Lines for a person, all programs together.
pub(super) const LINES: usize = 20;
/// Characters of a line.
const LINE_LIMIT: usize = 300;
/// An engine that is out of breath need not be waited for.
const LIMIT: Duration = Duration::from_secs(3);

/// The last lines of the browser's log and of Neko's, the browser's first. Empty if they cannot be
/// read.
pub(super) async fn last_lines(link: &Link, container: &str, flavour: Flavour) -> Vec<String> {
    let read = async |name: &str| {
        let path = format!("/var/log/neko/{name}.log");
        archive::get(link, container, &path)
            .await
            .unwrap_or_default()
    };
    let both = async { (read(flavour.name).await, read("neko").await) };
    let Ok((browser, neko)) = tokio::time::timeout(LIMIT, both).await else {
        return Vec::new();
    };
    let mut lines = tail(&browser, LINES / 2);
    lines.extend(tail(&neko, LINES - lines.len()));
    lines
}

pub(super) fn tail(text: &str, count: usize) -> Vec<String> {
    let clean = |line: &str| -> String {
        line.chars()
            .filter(|c| !c.is_control())
            .take(LINE_LIMIT)
            .collect()
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(count);
    lines[from..].iter().map(|line| clean(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_short_and_plain() {
        let text = format!("one\n\n\u{1b}[1mtwo\n{}\n", "x".repeat(1000));
        assert_eq!(tail(&text, 2), ["[1mtwo".to_owned(), "x".repeat(300)]);
        assert_eq!(tail("", 2), Vec::<String>::new());
    }
}
