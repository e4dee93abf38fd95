//! Prints: what streamed pages look like on paper, on the way to this machine's own dialog.

use super::{Download, DownloadState, Downloads, Transfer};

impl Downloads {
    /// This one, which has begun, is a print.
    pub fn print(&mut self, transfer: Transfer) {
        let running = self.running.iter().find(|(of, _)| *of == transfer);
        self.prints.extend(running.copied());
    }

    /// Whether a print is under way, or waits for the person at the dialog.
    #[must_use]
    pub fn is_printing(&self) -> bool {
        !self.prints.is_empty()
    }

    /// The file of a print that is there now.
    #[must_use]
    pub fn printed(&self, transfer: Transfer) -> Option<&Download> {
        let (_, id) = self.prints.iter().find(|(of, _)| *of == transfer)?;
        self.list
            .iter()
            .find(|it| it.id == *id && it.state == DownloadState::Done)
    }

    /// It is no print any more.
    pub fn end_print(&mut self, transfer: Transfer) -> Option<Download> {
        let print = self.printed(transfer).cloned();
        self.prints.retain(|(of, _)| *of != transfer);
        print
    }
}
