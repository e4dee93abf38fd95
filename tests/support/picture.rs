//! What stands in a display's framebuffer.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::Outcome;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// A picture of the whole screen.
#[derive(Clone)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Rows from the top, three bytes each pixel.
    rgb: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// From what an X server with 24 bit colour gives: blue, green, red, unused.
    pub(crate) fn from_x(width: u32, height: u32, data: &[u8]) -> Self {
        let rgb = data
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|&[blue, green, red, _]| [red, green, blue])
            .collect();
        Self { width, height, rgb }
    }

    /// The colour at a place; `None` outside.
    #[must_use]
    pub fn at(&self, x: u32, y: u32) -> Option<Colour> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        self.rgb.get(at..at + 3)?.try_into().ok()
    }

    /// Whether the colour at a place is `colour`, give or take `tolerance` in each channel: a
    /// coded picture is never exact.
    #[must_use]
    pub fn is(&self, x: u32, y: u32, colour: Colour, tolerance: u8) -> bool {
        self.at(x, y).is_some_and(|seen| {
            seen.iter()
                .zip(colour)
                .all(|(seen, wanted)| seen.abs_diff(wanted) <= tolerance)
        })
    }

    /// The smallest rectangle that holds every pixel of a colour: left, top, right, bottom, the
    /// last two exclusive.
    #[must_use]
    pub fn bounds(&self, colour: Colour, tolerance: u8) -> Option<[u32; 4]> {
        let mut found: Option<[u32; 4]> = None;
        for y in 0..self.height {
            let wanted = |x: &u32| self.is(*x, y, colour, tolerance);
            let Some(first) = (0..self.width).find(wanted) else {
                continue;
            };
            let last = (first..self.width).rev().find(wanted).unwrap_or(first);
            let [left, top, right, _] = found.unwrap_or([first, y, last + 1, y + 1]);
            found = Some([left.min(first), top, right.max(last + 1), y + 1]);
        }
        found
    }

    /// Writes it as PNG, for a person to look at.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Outcome<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut png =
            png::Encoder::new(BufWriter::new(File::create(path)?), self.width, self.height);
        png.set_color(png::ColorType::Rgb);
        png.set_depth(png::BitDepth::Eight);
        png.write_header()?.write_image_data(&self.rgb)?;
        Ok(())
    }
}
