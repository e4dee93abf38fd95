//! What is written into pages is looked up in the dictionaries of the person's languages.

use std::sync::Once;

use gtk::glib;
use webkit2gtk::{WebContext, WebContextExt};

/// Has all pages check what is written into them. The engine has one checker for all contexts.
pub(super) fn check(context: &WebContext) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let names = glib::language_names();
        let languages: Vec<&str> = names.iter().map(glib::GString::as_str).collect();
        let languages = named(&languages);
        if !languages.is_empty() {
            context.set_spell_checking_languages(&languages);
            context.set_spell_checking_enabled(true);
        }
    });
}

/// The languages that a dictionary may be for, out of the desktop's names. With none named, the
/// engine would take whatever dictionary it finds, and take every word for wrong.
fn named<'name>(names: &[&'name str]) -> Vec<&'name str> {
    let is_language = |name: &&&str| !name.contains(['.', '@']) && !["C", "POSIX"].contains(*name);
    names.iter().filter(is_language).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_named_by_language_and_country_alone() {
        let names = ["de_DE.UTF-8", "de_DE", "de.UTF-8", "de", "C"];
        assert_eq!(named(&names), ["de_DE", "de"]);
        let names = [
            "ca_ES.UTF-8@valencia",
            "ca_ES@valencia",
            "ca@valencia",
            "ca",
        ];
        assert_eq!(named(&names), ["ca"]);
        assert!(named(&["C.UTF-8", "C", "POSIX"]).is_empty());
    }
}
