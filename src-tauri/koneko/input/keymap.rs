//! The keyboard's map as X's core protocol gives it: which keysyms stand on which key.

/// Columns of the core map and the modifiers that reach them in the first group.
const PLAIN: usize = 0;
const SHIFT: usize = 1;
const LEVEL3: usize = 4;
const LEVEL3_SHIFT: usize = 5;

/// The modifiers that choose a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    pub shift: bool,
    pub level3: bool,
}

/// The map.
pub(super) struct Keymap {
    first: u8,
    columns: usize,
    keysyms: Vec<u32>,
}

impl Keymap {
    pub(super) fn new(first: u8, columns: u8, keysyms: Vec<u32>) -> Self {
        Self {
            first,
            columns: usize::from(columns).max(1),
            keysyms,
        }
    }

    /// The key that makes this keysym; of several the one that makes it with the modifiers held.
    pub(super) fn find(&self, keysym: u32, held: Level) -> Option<u8> {
        let wanted = match (held.level3, held.shift) {
            (false, false) => PLAIN,
            (false, true) => SHIFT,
            (true, false) => LEVEL3,
            (true, true) => LEVEL3_SHIFT,
        };
        let order = [wanted, PLAIN, SHIFT, LEVEL3, LEVEL3_SHIFT];
        let exact = |it: u32| it == keysym;
        let by_character = |it: u32| same_character(it, keysym);
        order
            .iter()
            .find_map(|column| self.in_column(*column, exact))
            .or_else(|| {
                order
                    .iter()
                    .find_map(|column| self.in_column(*column, by_character))
            })
    }

    fn in_column(&self, column: usize, is_it: impl Fn(u32) -> bool) -> Option<u8> {
        self.rows()
            .position(|row| row.get(column).is_some_and(|it| *it != 0 && is_it(*it)))
            .and_then(|row| self.code(row))
    }

    /// Keys with nothing on them.
    pub(super) fn spare(&self) -> Vec<u8> {
        self.rows()
            .enumerate()
            .filter(|(_, row)| row.iter().all(|it| *it == 0))
            .filter_map(|(row, _)| self.code(row))
            .collect()
    }

    fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.keysyms.chunks_exact(self.columns)
    }

    fn code(&self, row: usize) -> Option<u8> {
        self.first.checked_add(u8::try_from(row).ok()?)
    }
}

/// Whether two keysyms are names of one character: there are old ones and Unicode ones.
fn same_character(a: u32, b: u32) -> bool {
    let character = |it: u32| xkeysym::Keysym::new(it).key_char();
    let a = character(a);
    a.is_some_and(|it| !it.is_control()) && a == character(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u32 = 0x61;
    const CAPITAL_A: u32 = 0x41;
    const EURO: u32 = 0x20ac;
    const EURO_UNICODE: u32 = 0x0100_20ac;

    fn sample() -> Keymap {
        // Columns: plain, shift, second group twice, level 3 twice.
        let rows = [
            [A, CAPITAL_A, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
            [0x65, 0x45, 0, 0, EURO, 0],
            [CAPITAL_A, 0, 0, 0, 0, 0],
        ];
        Keymap::new(8, 6, rows.concat())
    }

    #[test]
    fn the_key_that_fits_the_held_modifiers_is_preferred() {
        let map = sample();
        let shift = Level {
            shift: true,
            level3: false,
        };
        assert_eq!(map.find(A, Level::default()), Some(8));
        assert_eq!(map.find(CAPITAL_A, shift), Some(8));
        assert_eq!(map.find(CAPITAL_A, Level::default()), Some(11));
    }

    #[test]
    fn a_unicode_keysym_finds_the_key_of_its_old_name() {
        assert_eq!(sample().find(EURO_UNICODE, Level::default()), Some(10));
        assert_eq!(sample().find(0x0101_f600, Level::default()), None);
    }

    #[test]
    fn only_empty_keys_are_spare() {
        assert_eq!(sample().spare(), [9]);
    }
}
