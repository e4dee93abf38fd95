//! How far a pull is, from what the engine says of each layer.

use std::collections::HashMap;

/// Layers that are counted. Images have some dozens.
const LAYER_LIMIT: usize = 512;
/// How much of a layer's time goes into fetching it; the rest is unpacking.
const FETCHING: f64 = 0.7;

/// A layer's size in bytes, once known, and the part of the work that is done.
#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    total: Option<f64>,
    done: f64,
}

/// All layers of an image on its way.
#[derive(Debug, Default)]
pub(super) struct Progress {
    layers: HashMap<String, Layer>,
    highest: u8,
}

impl Progress {
    /// Takes what the engine says of `layer`, and gives the whole in percent if that has grown.
    /// Never 100: what is still to come is not known.
    pub(super) fn says(&mut self, layer: &str, status: &str, at: Option<(i64, i64)>) -> Option<u8> {
        if !self.layers.contains_key(layer) && self.layers.len() >= LAYER_LIMIT {
            return None;
        }
        let part = at.filter(|(now, of)| *now >= 0 && *of > 0);
        #[expect(clippy::cast_precision_loss, reason = "a percentage needs none")]
        let part = part.map(|(now, of)| ((now as f64 / of as f64).min(1.0), of as f64));
        let status = status.to_ascii_lowercase();
        let entry = self.layers.entry(layer.to_owned()).or_default();
        let done = match (status.as_str(), part) {
            ("downloading", Some((part, total))) => {
                entry.total = Some(total);
                part * FETCHING
            }
            ("verifying checksum" | "download complete", _) => FETCHING,
            ("extracting", Some((part, _))) => FETCHING + part * (1.0 - FETCHING),
            ("pull complete" | "already exists", _) => 1.0,
            ("pulling fs layer" | "waiting", _) => 0.0,
            _ => {
                // "Pulling from …", "Digest: …": not of a layer.
                if entry.total.is_none() && entry.done == 0.0 {
                    self.layers.remove(layer);
                }
                return None;
            }
        };
        entry.done = entry.done.max(done);
        self.grown()
    }

    /// Layers whose size is not known yet count as one of middling size.
    fn grown(&mut self) -> Option<u8> {
        let known: Vec<f64> = self.layers.values().filter_map(|it| it.total).collect();
        #[expect(clippy::cast_precision_loss, reason = "at most 512")]
        let middling = if known.is_empty() {
            1.0
        } else {
            known.iter().sum::<f64>() / known.len() as f64
        };
        let weight = |layer: &Layer| layer.total.unwrap_or(middling);
        let all: f64 = self.layers.values().map(weight).sum();
        let done: f64 = self.layers.values().map(|it| weight(it) * it.done).sum();
        let percent = (100.0 * done / all).clamp(0.0, 99.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 99"
        )]
        let percent = percent as u8;
        (percent > self.highest).then(|| {
            self.highest = percent;
            percent
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pull_is_counted_by_the_bytes_of_its_layers() {
        let mut progress = Progress::default();
        assert_eq!(progress.says("a", "Pulling fs layer", None), None);
        assert_eq!(progress.says("b", "Pulling fs layer", None), None);
        assert_eq!(progress.says("a", "Downloading", Some((30, 300))), Some(3));
        assert_eq!(
            progress.says("b", "Downloading", Some((100, 100))),
            Some(22)
        );
        assert_eq!(progress.says("b", "Pull complete", None), Some(30));
        assert_eq!(progress.says("a", "Pull complete", None), Some(99));
    }

    #[test]
    fn what_is_said_of_the_image_itself_is_no_layer() {
        let mut progress = Progress::default();
        assert_eq!(progress.says("1.0", "Pulling from a/b", None), None);
        assert_eq!(progress.says("a", "Already exists", None), Some(99));
    }

    proptest! {
        #[test]
        fn whatever_an_engine_says_the_number_only_grows(
            lines in prop::collection::vec(
                ("[a-c]", prop_oneof![
                    Just("Downloading"), Just("Extracting"), Just("Pull complete"),
                    Just("Waiting"), Just("Digest")], any::<Option<(i64, i64)>>()), 0..60)
        ) {
            let mut progress = Progress::default();
            let mut last = 0;
            for (layer, status, at) in lines {
                if let Some(percent) = progress.says(&layer, status, at) {
                    prop_assert!(percent > last && percent < 100);
                    last = percent;
                }
            }
        }
    }
}
