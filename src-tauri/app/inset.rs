//! Where the pages stand: the content area as distances from the four edges of the window.
//!
//! Distances, and not a rectangle, because the bars of the shell keep their size while the window
//! changes its own: the pages follow the window at once, and the shell's page, which reports the
//! area, has only to report what it changes itself.

use duotab_core::message::ContentArea;

/// Distances from the edges, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inset {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Inset {
    /// The distances of `area` in a page of `width` by `height`. An area that reaches out of the
    /// page is cut.
    pub(crate) fn of(area: ContentArea, width: i32, height: i32) -> Self {
        let left = pixels(area.x, width);
        let top = pixels(area.y, height);
        Self {
            left,
            top,
            right: width - pixels(area.x + area.width, width).max(left),
            bottom: height - pixels(area.y + area.height, height).max(top),
        }
    }
}

/// Whole pixels within `0..=limit`; what is no number is 0.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a float saturates, and is clamped"
)]
fn pixels(value: f64, limit: i32) -> i32 {
    (value.round() as i32).clamp(0, limit.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: f64, y: f64, width: f64, height: f64) -> ContentArea {
        ContentArea {
            x,
            y,
            width,
            height,
            scale: 1.0,
        }
    }

    #[test]
    fn the_area_below_the_bars_is_inset_from_the_top_alone() {
        let inset = Inset::of(area(0.0, 81.0, 1280.0, 639.0), 1280, 720);
        assert_eq!(
            inset,
            Inset {
                top: 81,
                ..Inset::default()
            }
        );
    }

    #[test]
    fn fractions_are_rounded_at_each_edge_so_that_no_gap_opens() {
        let inset = Inset::of(area(10.4, 80.5, 100.2, 50.0), 200, 200);
        assert_eq!(
            inset,
            Inset {
                left: 10,
                top: 81,
                right: 89,
                bottom: 69
            }
        );
    }

    #[test]
    fn an_area_out_of_the_window_is_cut_and_never_negative() {
        for odd in [
            area(-50.0, -9.0, 9000.0, 9000.0),
            area(f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0),
            area(5000.0, 5000.0, 1.0, 1.0),
            area(10.0, 10.0, -400.0, -400.0),
        ] {
            let Inset {
                left,
                top,
                right,
                bottom,
            } = Inset::of(odd, 300, 200);
            for edge in [left, top, right, bottom] {
                assert!(edge >= 0, "{odd:?}");
            }
            assert!(left + right <= 300 && top + bottom <= 200, "{odd:?}");
        }
    }
}
