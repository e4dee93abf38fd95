use duotab_core::message::{Find, PageView, ProfileName, Security, TabView};

use super::*;

fn tab(id: u32, mode: Mode, zoom: u16) -> TabView {
    TabView {
        id: TabId(id),
        profile: ProfileName("default".into()),
        mode,
        heading_for: None,
        address: String::new(),
        title: String::new(),
        favicon: None,
        loading: false,
        can_go_back: false,
        can_go_forward: false,
        zoom,
        security: Security::Internal,
        stream: None,
        audible: false,
        uses: Vec::new(),
        muted: false,
        bookmarked: Some(false),
        problem: None,
        page: PageView::default(),
        asleep: false,
        elsewhere: false,
    }
}

fn three_tabs() -> ShellState {
    ShellState {
        tabs: vec![
            tab(4, Mode::Proxy, 100),
            tab(7, Mode::Streamed, 500),
            tab(5, Mode::Proxy, 25),
        ],
        active: Some(TabId(4)),
        ..ShellState::default()
    }
}

/// Reads `Ctrl+Shift+t`.
fn chord(text: &str) -> Chord {
    let mut chord = Chord {
        key: Key::Char('?'),
        control: false,
        shift: false,
        alt: false,
        repeated: false,
    };
    for part in text.split_inclusive('+') {
        match part {
            "Ctrl+" => chord.control = true,
            "Shift+" => chord.shift = true,
            "Alt+" => chord.alt = true,
            "Tab" => chord.key = Key::Tab,
            "Left" => chord.key = Key::Left,
            "Right" => chord.key = Key::Right,
            "PageUp" => chord.key = Key::PageUp,
            "PageDown" => chord.key = Key::PageDown,
            "F3" => chord.key = Key::F(3),
            "F5" => chord.key = Key::F(5),
            "F6" => chord.key = Key::F(6),
            "F11" => chord.key = Key::F(11),
            sign => chord.key = Key::Char(sign.chars().next().unwrap()),
        }
    }
    chord
}

fn command(text: &str, state: &ShellState) -> Option<Command> {
    match asked(chord(text), state) {
        Some(Asked::Command(command)) => Some(command),
        _ => None,
    }
}

#[test]
fn each_shortcut_asks_for_its_verb() {
    let state = three_tabs();
    let first = TabId(4);
    for (text, expected) in [
        (
            "Ctrl+t",
            Command::OpenTab {
                input: None,
                mode: None,
                background: false,
            },
        ),
        ("Ctrl+Shift+t", Command::ReopenTab),
        ("Ctrl+w", Command::LeaveTab(first)),
        ("Ctrl+r", Command::Reload(first)),
        ("F5", Command::Reload(first)),
        (
            "Ctrl+Shift+m",
            Command::SetMode(first, Mode::Streamed, None),
        ),
        ("Ctrl+Tab", Command::SelectTab(TabId(7))),
        ("Ctrl+Shift+Tab", Command::SelectTab(TabId(5))),
        ("Ctrl+PageDown", Command::SelectTab(TabId(7))),
        ("Ctrl+PageUp", Command::SelectTab(TabId(5))),
        ("Ctrl+Shift+PageDown", Command::MoveTab(first, 1)),
        ("Ctrl+1", Command::SelectTab(TabId(4))),
        ("Ctrl+2", Command::SelectTab(TabId(7))),
        ("Ctrl+9", Command::SelectTab(TabId(5))),
        ("Ctrl+m", Command::SetMuted(first, true)),
        ("Ctrl+d", Command::SetBookmarked(first, true)),
        ("Ctrl+-", Command::SetZoom(first, 90)),
        ("Ctrl+0", Command::SetZoom(first, 100)),
        ("Ctrl+=", Command::SetZoom(first, 110)),
        ("Alt+Left", Command::GoBack(first)),
        ("Alt+Right", Command::GoForward(first)),
        (
            "Ctrl+Shift+n",
            Command::OpenTabOf(ProfileName("private".into())),
        ),
        ("F11", Command::SetFullScreen(true)),
        ("Ctrl+,", Command::ShowSettings(true)),
    ] {
        assert_eq!(command(text, &state), Some(expected), "{text}");
    }
    assert_eq!(
        asked(chord("Ctrl+l"), &state),
        Some(Asked::Focus(ShellFocus::AddressBar))
    );
}

#[test]
fn a_key_that_is_held_switches_once_and_steps_on() {
    let state = three_tabs();
    let held = |text| {
        let chord = Chord {
            repeated: true,
            ..chord(text)
        };
        asked(chord, &state)
    };
    for text in ["Ctrl+d", "Ctrl+m", "Ctrl+Shift+m", "F11"] {
        assert_eq!(held(text), Some(Asked::Nothing), "{text}");
    }
    for text in ["Ctrl+Tab", "Ctrl+="] {
        assert!(matches!(held(text), Some(Asked::Command(_))), "{text}");
    }
}

#[test]
fn a_new_tab_is_typed_for_before_it_is_there_unless_an_empty_one_is_used() {
    let mut state = three_tabs();
    let opens = |text, state: &ShellState| opens_tab(&command(text, state).unwrap(), state);
    assert!(opens("Ctrl+t", &state));
    assert!(!opens("Ctrl+Shift+n", &state), "an empty tab");
    assert!(!opens("Ctrl+h", &state), "an empty tab");
    state.tabs[0].address = "https://a.test/".into();
    assert!(opens("Ctrl+Shift+n", &state));
    assert!(opens("Ctrl+h", &state));
    assert!(!opens("Ctrl+Shift+t", &state));
}

#[test]
fn keys_that_are_not_the_shells_reach_the_page() {
    for text in [
        "t",
        "Ctrl+c",
        "Ctrl+v",
        "Ctrl+a",
        "Ctrl+Alt+t",
        "Alt+t",
        "Tab",
        "Shift+Tab",
        "Left",
        "Ctrl+Left",
        "Shift+F5",
        "Ctrl+Alt+Left",
    ] {
        assert_eq!(asked(chord(text), &three_tabs()), None, "{text}");
    }
}

#[test]
fn a_shortcut_without_a_tab_asks_for_nothing_and_is_still_the_shells() {
    let empty = ShellState::default();
    for text in [
        "Ctrl+w",
        "Ctrl+Tab",
        "Ctrl+3",
        "Alt+Left",
        "Ctrl+Shift+m",
        "Ctrl+0",
    ] {
        assert_eq!(asked(chord(text), &empty), Some(Asked::Nothing), "{text}");
    }
    assert_eq!(
        asked(chord("Ctrl+Shift+PageUp"), &three_tabs()),
        Some(Asked::Nothing)
    );
    assert_eq!(asked(chord("Ctrl+4"), &three_tabs()), Some(Asked::Nothing));
}

#[test]
fn the_zoom_stays_within_its_steps() {
    let mut state = three_tabs();
    state.active = Some(TabId(7));
    assert_eq!(
        command("Ctrl+=", &state),
        Some(Command::SetZoom(TabId(7), 500))
    );
    state.active = Some(TabId(5));
    assert_eq!(
        command("Ctrl+-", &state),
        Some(Command::SetZoom(TabId(5), 25))
    );
}

#[test]
fn looking_in_a_page_begins_with_its_field_and_goes_on_by_the_same_keys_everywhere() {
    let mut state = three_tabs();
    for empty in ["Ctrl+f", "F3"] {
        assert_eq!(asked(chord(empty), &state), Some(Asked::Nothing), "{empty}");
    }
    state.tabs[0].address = "http://localhost/".into();
    for begins in ["Ctrl+f", "F3", "Shift+F3", "Ctrl+g"] {
        let asked = asked(chord(begins), &state);
        assert_eq!(asked, Some(Asked::Focus(ShellFocus::Find)), "{begins}");
    }
    state.tabs[0].page.find = Some(Find::of("a"));
    for (text, direction) in [
        ("F3", Direction::Forward),
        ("Ctrl+g", Direction::Forward),
        ("Shift+F3", Direction::Back),
        ("Ctrl+Shift+g", Direction::Back),
    ] {
        let step = Command::FindStep(TabId(4), direction);
        assert_eq!(command(text, &state), Some(step), "{text}");
    }
    assert_eq!(
        asked(chord("Ctrl+f"), &state),
        Some(Asked::Focus(ShellFocus::Find))
    );
}

#[test]
fn the_address_bar_and_a_fresh_load_have_all_their_usual_keys() {
    let state = three_tabs();
    for bar in ["Ctrl+l", "Alt+d", "F6"] {
        let asked = asked(chord(bar), &state);
        assert_eq!(asked, Some(Asked::Focus(ShellFocus::AddressBar)), "{bar}");
    }
    let fresh = Some(Command::ReloadFresh(TabId(4)));
    for keys in ["Ctrl+Shift+r", "Ctrl+F5"] {
        assert_eq!(command(keys, &state), fresh, "{keys}");
    }
    assert_eq!(command("F5", &state), Some(Command::Reload(TabId(4))));
}
