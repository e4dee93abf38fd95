//! Which frames of other processes there are: each has a session of its own, told of by the session of
//! the frame around it.

/// Such frames of all pages. Those of a browser with more are not looked after.
const MOST: usize = 512;

/// A frame's session.
struct Frame {
    session: String,
    /// The session that told of it.
    teller: String,
    /// Its page.
    target: String,
}

/// The frames of one Chromium, as they came.
#[derive(Default)]
pub(super) struct Framed(Vec<Frame>);

impl Framed {
    /// Notes a frame of a page; `false` if there are too many.
    pub(super) fn attached(&mut self, target: String, teller: &str, session: &str) -> bool {
        let room = self.0.len() < MOST;
        if room {
            self.0.push(Frame {
                session: session.to_owned(),
                teller: teller.to_owned(),
                target,
            });
        }
        room
    }

    /// The page of a frame's session.
    pub(super) fn page(&self, session: &str) -> Option<&str> {
        let frame = self.0.iter().find(|it| it.session == session);
        frame.map(|it| it.target.as_str())
    }

    /// The sessions of a page's frames.
    pub(super) fn of_page(&self, target: &str) -> Vec<String> {
        let of_page = self.0.iter().filter(|it| it.target == target);
        of_page.map(|it| it.session.clone()).collect()
    }

    /// A session has ended, and with it those of all frames within. Which ones of frames these were,
    /// each with its page.
    pub(super) fn ended(&mut self, session: &str) -> Vec<(String, String)> {
        let mut ended = vec![session.to_owned()];
        let mut gone = Vec::new();
        while let Some(one) = ended.pop() {
            let is_its = |it: &mut Frame| it.session == one || it.teller == one;
            for frame in self.0.extract_if(.., is_its) {
                ended.push(frame.session.clone());
                gone.push((frame.target, frame.session));
            }
        }
        gone
    }

    /// A page has gone.
    pub(super) fn destroyed(&mut self, target: &str) {
        self.0.retain(|it| it.target != target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_within_a_frame_end_with_it_and_others_stay() {
        let mut framed = Framed::default();
        for (teller, session) in [("page", "a"), ("a", "a1"), ("a1", "a2"), ("page", "b")] {
            assert!(framed.attached("P".into(), teller, session));
        }
        assert!(framed.attached("Q".into(), "other", "c"));
        let mut gone: Vec<String> = framed.ended("a").into_iter().map(|it| it.1).collect();
        gone.sort();
        assert_eq!(gone, ["a", "a1", "a2"]);
        assert_eq!(framed.of_page("P"), ["b"]);
        assert_eq!(framed.page("c"), Some("Q"));
        framed.ended("page");
        assert!(framed.of_page("P").is_empty());
        framed.destroyed("Q");
        assert_eq!(framed.page("c"), None);
    }

    #[test]
    fn a_browser_of_endless_frames_has_an_end() {
        let mut framed = Framed::default();
        let taken = (0..2 * MOST).filter(|n| framed.attached("P".into(), "page", &n.to_string()));
        assert_eq!(taken.count(), MOST);
    }
}
