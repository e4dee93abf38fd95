//! The name of a file that a server suggests, made safe: one plain name within the folder, whatever
//! the server had in mind.

/// The longest name in bytes; file systems take 255, and a number may be added.
const LONGEST: usize = 200;

/// The longest ending that is kept when a name is cut, in bytes.
const LONGEST_ENDING: usize = 20;

/// A name for what has none.
const NAMELESS: &str = "download";

/// The safe name.
#[must_use]
pub fn safe(suggested: &str) -> String {
    // Only what stands behind the last separator of any system is a name.
    let last = suggested.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|sign| !is_hidden(*sign))
        .map(|sign| match sign {
            sign if sign.is_control() => ' ',
            // Meant something else elsewhere.
            '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\0' => '_',
            sign => sign,
        })
        .collect();
    // A name that begins with a dot hides; one that ends with a dot or blank is another on other
    // systems.
    let clean = clean.trim().trim_start_matches(['.', ' ']);
    let clean = clean.trim_end_matches(['.', ' ']);
    if clean.is_empty() {
        return NAMELESS.to_owned();
    }
    let (stem, ending) = split(clean);
    let stem = cut(stem, LONGEST - ending.len());
    let stem = if is_device(stem) {
        format!("_{stem}")
    } else {
        stem.to_owned()
    };
    format!("{stem}{ending}")
}

/// The name with a number, for a folder that has such a file already.
#[must_use]
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = split(name);
    format!("{stem} ({number}){ending}")
}

/// The stem, and the ending with its dot.
fn split(name: &str) -> (&str, &str) {
    // Two endings that belong together.
    let double = name.rfind(".tar.").filter(|at| *at > 0);
    let at = double.or_else(|| name.rfind('.').filter(|at| *at > 0));
    match at {
        Some(at) if name.len() - at <= LONGEST_ENDING => name.split_at(at),
        _ => (name, ""),
    }
}

fn cut(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Signs that nobody sees: they turn the writing around, so that `cod.exe` reads `exe.doc`, or
/// have no width.
fn is_hidden(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// Names of devices where files are shared with Windows.
fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = |prefix: &str| {
        let rest = stem.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_names_become_plain_ones() {
        for (suggested, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("/etc/cron.d/x", "x"),
            (".bashrc", "bashrc"),
            ("..", "download"),
            ("", "download"),
            ("a\0b.txt", "a b.txt"),
            ("a\nb\tc.txt", "a b c.txt"),
            ("  trailing. . ", "trailing"),
            ("cod\u{202e}cod.exe", "codcod.exe"),
            ("con.txt", "_con.txt"),
            ("a:b*c?.txt", "a_b_c_.txt"),
            ("größe 日本.txt", "größe 日本.txt"),
        ] {
            assert_eq!(safe(suggested), expected, "{suggested:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_ending() {
        let name = safe(&format!("{}.tar.gz", "ä".repeat(300)));
        assert!(name.len() <= LONGEST && name.ends_with(".tar.gz"));
    }

    #[test]
    fn a_second_file_of_the_same_name_gets_a_number_before_its_ending() {
        assert_eq!(numbered("a.tar.gz", 2), "a (2).tar.gz");
        assert_eq!(numbered("a b", 1), "a b (1)");
        assert_eq!(numbered("a.b.txt", 3), "a.b (3).txt");
    }

    proptest! {
        #[test]
        fn no_suggestion_leaves_the_folder(suggested in any::<String>()) {
            let name = safe(&suggested);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST + 1);
            prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
            prop_assert!(!name.chars().any(char::is_control));
        }
    }
}
