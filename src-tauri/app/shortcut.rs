//! The shell's keys, as a pure table: a chord and the state that is painted give what is asked.
//! They hold wherever the focus is: in the shell, in a page, in the live view.

use duotab_core::event::Command;
use duotab_core::message::{Mode, ProfileName, ShellFocus, ShellState, TabId};
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

/// The zoom steps, in percent.
const ZOOM: [u16; 17] = [
    25, 33, 50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300, 400, 500,
];

/// What `chord` asks for while the shell shows `state`; `None` if the key is the page's.
#[must_use]
pub fn asked(chord: Chord, state: &ShellState) -> Option<Asked> {
    let Chord {
        key,
        control,
        shift,
        alt,
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
        (true, false, false, Key::Char('w')) => state.active.map(Command::CloseTab),
        (true, false, false, Key::Char('l')) => {
            return Some(Asked::Focus(ShellFocus::AddressBar));
        }
        (true, false, false, Key::Char(',')) => Some(Command::ShowSettings(true)),
        (true, _, false, Key::Char('r')) | (false, false, false, Key::F(5)) => {
            state.active.map(Command::Reload)
        }
        (true, true, false, Key::Char('m')) => toggle(state),
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
        (true, _, false, Key::Char('+' | '=')) => zoom(state, |now| {
            ZOOM.into_iter().find(|step| *step > now).unwrap_or(500)
        }),
        (true, false, false, Key::Char('-')) => zoom(state, |now| {
            ZOOM.into_iter()
                .rev()
                .find(|step| *step < now)
                .unwrap_or(25)
        }),
        (true, false, false, Key::Char('0')) => zoom(state, |_| 100),
        (false, false, true, Key::Left) => state.active.map(Command::GoBack),
        (false, false, true, Key::Right) => state.active.map(Command::GoForward),
        (false, false, false, Key::F(11)) => Some(Command::SetFullScreen(!state.full_screen)),
        _ => return None,
    };
    Some(command.map_or(Asked::Nothing, Asked::Command))
}

fn toggle(state: &ShellState) -> Option<Command> {
    let tab = state.tabs.iter().find(|tab| Some(tab.id) == state.active)?;
    let mode = match tab.mode {
        Mode::Proxy => Mode::Streamed,
        Mode::Streamed => Mode::Proxy,
    };
    Some(Command::SetMode(tab.id, mode, None))
}

fn zoom(state: &ShellState, next: impl Fn(u16) -> u16) -> Option<Command> {
    let tab = state.tabs.iter().find(|tab| Some(tab.id) == state.active)?;
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
