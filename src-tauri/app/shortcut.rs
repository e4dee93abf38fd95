//! The shell's keys, as a pure table: a chord and the state that is painted give what is asked.
//! They hold wherever the focus is: in the shell, in a page, in the live view.

use duotab_core::event::Command;
use duotab_core::message::{Mode, ProfileName, ShellFocus, ShellState, TabId, TabView};
use duotab_core::page::{Direction, zoom_in, zoom_out};
use duotab_core::profile::PRIVATE;

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter or a sign, in lower case, as the Latin layout has it.
    Char(char),
    /// The tabulator.
    Tab,
    /// Arrow to the left.
    Left,
    /// Arrow to the right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Control is held.
    pub control: bool,
    /// Shift is held.
    pub shift: bool,
    /// Alt is held.
    pub alt: bool,
    /// The key has been held down since it was taken for a chord before.
    pub repeated: bool,
}

/// What a chord asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A verb.
    Command(Command),
    /// Another keyboard focus.
    Focus(ShellFocus),
    /// Nothing now; but the key is the shell's, and the page must not see it.
    Nothing,
}

/// What `chord` asks for while the shell shows `state`; `None` if the key is the page's.
#[must_use]
pub fn asked(chord: Chord, state: &ShellState) -> Option<Asked> {
    let Chord {
        key,
        control,
        shift,
        alt,
        repeated,
    } = chord;
    let command = match (control, shift, alt, key) {
        (true, false, false, Key::Char('t')) => Some(Command::OpenTab {
            input: None,
            mode: None,
            background: false,
        }),
        (true, true, false, Key::Char('n')) => {
            Some(Command::OpenTabOf(ProfileName(PRIVATE.to_owned())))
        }
        (true, true, false, Key::Char('t')) => Some(Command::ReopenTab),
        (true, false, false, Key::Char('w')) => state.active.map(Command::LeaveTab),
        (true, false, false, Key::Char('l'))
        | (false, false, true, Key::Char('d'))
        | (false, false, false, Key::F(6)) => {
            return Some(Asked::Focus(ShellFocus::AddressBar));
        }
        (true, false, false, Key::Char(',')) => Some(Command::ShowSettings(true)),
        (true, false, false, Key::Char('r')) | (false, false, false, Key::F(5)) => {
            state.active.map(Command::Reload)
        }
        (true, true, false, Key::Char('r')) | (true, false, false, Key::F(5)) => {
            state.active.map(Command::ReloadFresh)
        }
        (true, true, false, Key::Char('m')) => toggle(state),
        (true, false, false, Key::Char('m')) => mute(state),
        (true, false, false, Key::Char('d')) => bookmark(state),
        (true, false, false, Key::Tab | Key::PageDown) => {
            neighbour(state, 1).map(Command::SelectTab)
        }
        (true, true, false, Key::Tab) | (true, false, false, Key::PageUp) => {
            neighbour(state, -1).map(Command::SelectTab)
        }
        (true, true, false, Key::PageDown) => moved(state, 1),
        (true, true, false, Key::PageUp) => moved(state, -1),
        (true, false, false, Key::Char('9')) => {
            state.tabs.last().map(|tab| Command::SelectTab(tab.id))
        }
        (true, false, false, Key::Char(digit @ '1'..='8')) => {
            let position = digit as usize - '1' as usize;
            state
                .tabs
                .get(position)
                .map(|tab| Command::SelectTab(tab.id))
        }
        (true, _, false, Key::Char('+' | '=')) => zoom(state, zoom_in),
        (true, false, false, Key::Char('-')) => zoom(state, zoom_out),
        (true, false, false, Key::Char('0')) => zoom(state, |_| 100),
        (true, false, false, Key::Char('u')) => state.active.map(Command::ViewSource),
        (true, false, false, Key::Char('p')) => state.active.map(Command::Print),
        (true, false, false, Key::Char('h')) => Some(Command::ShowVisits),
        (true, false, false, Key::Char('j')) => return Some(Asked::Focus(ShellFocus::Downloads)),
        (true, false, false, Key::Char('f')) => return Some(find(state)),
        (true, false, false, Key::Char('g')) | (false, false, false, Key::F(3)) => {
            return Some(find_step(state, Direction::Forward));
        }
        (true, true, false, Key::Char('g')) | (false, true, false, Key::F(3)) => {
            return Some(find_step(state, Direction::Back));
        }
        (false, false, true, Key::Left) => state.active.map(Command::GoBack),
        (false, false, true, Key::Right) => state.active.map(Command::GoForward),
        (false, false, false, Key::F(11)) => Some(Command::SetFullScreen(!state.full_screen)),
        _ => return None,
    };
    // What is switched by a key is not to flicker as long as that is held.
    let command = command.filter(|command| !(repeated && switches(command)));
    Some(command.map_or(Asked::Nothing, Asked::Command))
}

fn switches(command: &Command) -> bool {
    matches!(
        command,
        Command::SetMode(..)
            | Command::SetMuted(..)
            | Command::SetBookmarked(..)
            | Command::SetFullScreen(_)
    )
}

/// Whether this brings another tab, whose address is going to be typed. An empty tab in front that
/// changes its profile is none.
#[must_use]
pub fn opens_tab(command: &Command, state: &ShellState) -> bool {
    match command {
        Command::OpenTab { input: None, .. } => true,
        Command::ShowVisits => front(state).is_some_and(|tab| {
            let is_taken = tab.problem.is_some() || tab.stream.is_some();
            is_taken || !tab.address.is_empty() || tab.profile.is_private()
        }),
        Command::OpenTabOf(_) => {
            front(state).is_some_and(|tab| tab.stream.is_some() || !tab.address.is_empty())
        }
        _ => false,
    }
}

fn mute(state: &ShellState) -> Option<Command> {
    let heard_here = |tab: &&TabView| tab.mode == Mode::Proxy || tab.audible;
    let tab = front(state).filter(heard_here)?;
    Some(Command::SetMuted(tab.id, !tab.muted))
}

fn bookmark(state: &ShellState) -> Option<Command> {
    let tab = front(state)?;
    Some(Command::SetBookmarked(tab.id, !tab.bookmarked?))
}

/// An empty tab has nothing to look in.
fn find(state: &ShellState) -> Asked {
    let tab = front(state).filter(|tab| !tab.address.is_empty());
    tab.map_or(Asked::Nothing, |_| Asked::Focus(ShellFocus::Find))
}

fn find_step(state: &ShellState, direction: Direction) -> Asked {
    let looks = |tab: &&TabView| {
        let find = tab.page.find.as_ref();
        find.is_some_and(|find| !find.text.is_empty())
    };
    match front(state).filter(looks) {
        Some(tab) => Asked::Command(Command::FindStep(tab.id, direction)),
        None => find(state),
    }
}

fn front(state: &ShellState) -> Option<&TabView> {
    state.tabs.iter().find(|tab| Some(tab.id) == state.active)
}

fn toggle(state: &ShellState) -> Option<Command> {
    let tab = front(state)?;
    let mode = match tab.mode {
        Mode::Proxy => Mode::Streamed,
        Mode::Streamed => Mode::Proxy,
    };
    Some(Command::SetMode(tab.id, mode, None))
}

fn zoom(state: &ShellState, next: impl Fn(u16) -> u16) -> Option<Command> {
    let tab = front(state)?;
    Some(Command::SetZoom(tab.id, next(tab.zoom)))
}

fn moved(state: &ShellState, step: isize) -> Option<Command> {
    let tab = state.active?;
    let at = state.tabs.iter().position(|other| other.id == tab)?;
    let to = at
        .checked_add_signed(step)
        .filter(|to| *to < state.tabs.len())?;
    Some(Command::MoveTab(tab, to))
}

/// The tab `step` places further in the strip, which is a ring.
fn neighbour(state: &ShellState, step: isize) -> Option<TabId> {
    let at = state
        .tabs
        .iter()
        .position(|tab| Some(tab.id) == state.active)?;
    let count = isize::try_from(state.tabs.len()).ok()?;
    let next = (isize::try_from(at).ok()? + step).rem_euclid(count);
    state
        .tabs
        .get(usize::try_from(next).ok()?)
        .map(|tab| tab.id)
}

#[cfg(test)]
#[path = "shortcut/tests.rs"]
mod tests;
