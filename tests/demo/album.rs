//! What the demo leaves: numbered pictures and a table of times.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use duotab_test_support::app::workspace;
use duotab_test_support::{Display, Outcome};

/// Pictures and times so far.
pub(crate) struct Album {
    folder: PathBuf,
    pictures: usize,
    rows: Vec<(String, Duration)>,
}

impl Album {
    /// An empty one in `target/demo`.
    pub(crate) fn open() -> Outcome<Self> {
        let folder = workspace().canonicalize()?.join("target/demo");
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => std::fs::create_dir_all(&folder)?,
        }
        Ok(Self {
            folder,
            pictures: 0,
            rows: Vec::new(),
        })
    }

    /// Plays one step, and notes how long it takes until what it leads to is there.
    pub(crate) async fn step<T>(
        &mut self,
        step: &str,
        act: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let began = Instant::now();
        let done = act.await.map_err(|error| format!("{step}: {error}"))?;
        self.note(step, began.elapsed());
        Ok(done)
    }

    /// Notes a time that was measured elsewhere.
    pub(crate) fn note(&mut self, step: &str, took: Duration) {
        println!("{:>6} ms  {step}", took.as_millis());
        self.rows.push((step.to_owned(), took));
    }

    /// Takes a picture of the screen.
    pub(crate) fn picture(&mut self, display: &Display, name: &str) -> Outcome<()> {
        self.pictures += 1;
        let file = format!("{:02}-{name}.png", self.pictures);
        display.look()?.save(&self.folder.join(file))
    }

    /// Writes the table and says where everything is.
    pub(crate) fn close(self) -> Outcome<()> {
        let mut table = "| step | time |\n|---|---:|\n".to_owned();
        for (step, took) in &self.rows {
            writeln!(table, "| {step} | {} ms |", took.as_millis())?;
        }
        std::fs::write(self.folder.join("times.md"), &table)?;
        let (pictures, folder) = (self.pictures, self.folder.display());
        println!("{pictures} pictures and times.md are in {folder}");
        Ok(())
    }
}
