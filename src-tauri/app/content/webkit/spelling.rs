//! What is written into a page is looked up in the dictionaries of the person's languages.

use std::sync::Once;

use gtk::glib::{self, GString, Propagation};
use gtk::prelude::*;
use webkit2gtk::{WebContextExt, WebView, WebViewExt};

/// Has all pages check what is written into them, from the first key on: the engine reads a
/// dictionary within its main loop, which takes 50 ms and 9 MB for English. It has one checker for
/// all contexts.
pub(super) fn connect(view: &WebView) {
    static ONCE: Once = Once::new();
    view.connect_key_press_event(|view, _| {
        ONCE.call_once(|| check(view));
        Propagation::Proceed
    });
}

fn check(view: &WebView) {
    let Some(context) = view.context() else {
        return;
    };
    let names = glib::language_names();
    let names: Vec<&str> = names.iter().map(GString::as_str).collect();
    let languages = languages(&names);
    if !languages.is_empty() {
        context.set_spell_checking_languages(&languages);
        context.set_spell_checking_enabled(true);
    }
}

/// The languages that a dictionary may be for, out of the desktop's names: each once, as that is
/// said most closely. With none named, the engine would take whatever dictionary it finds, and
/// take every word for wrong.
fn languages<'name>(names: &[&'name str]) -> Vec<&'name str> {
    let mut languages: Vec<&str> = Vec::new();
    for name in names {
        let language = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
        let known = languages.iter().any(|it| language(it) == language(name));
        if !known && !name.contains(['.', '@']) && !["C", "POSIX"].contains(name) {
            languages.push(name);
        }
    }
    languages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_named_once_for_each_language() {
        let names = ["de_DE.UTF-8", "de_DE", "de.UTF-8", "de", "en_GB", "en", "C"];
        assert_eq!(languages(&names), ["de_DE", "en_GB"]);
        let names = [
            "ca_ES.UTF-8@valencia",
            "ca_ES@valencia",
            "ca@valencia",
            "ca",
        ];
        assert_eq!(languages(&names), ["ca"]);
        assert!(languages(&["C.UTF-8", "C", "POSIX"]).is_empty());
    }
}
