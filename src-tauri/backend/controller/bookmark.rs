//! Bookmarks out of a file and into one.

use std::io::{self, Read, Write};
use std::path::Path;

use duotab_core::bookmark::{can_be_kept, file};
use duotab_core::event::Command;
use duotab_core::message::{BookmarkFault, Imported, Problem, ProfileName};

use super::Controller;

/// A larger file is no list of bookmarks: 50 000 of them with their icons.
const LARGEST: u64 = 64 << 20;

impl Controller {
    /// Keeps the pages of a file among the bookmarks of a profile.
    ///
    /// # Errors
    /// If it cannot be read or has none, or nothing is kept in the profile.
    pub async fn import_bookmarks(
        &self,
        profile: ProfileName,
        path: String,
    ) -> Result<Imported, Problem> {
        let from = path.clone();
        let reading = move || read(Path::new(&from)).map(|text| file::read(&text));
        let pages = at(&path, reading).await?;
        if pages.is_empty() {
            let fault = BookmarkFault::None;
            return Err(Problem::BookmarkFile { path, fault });
        }
        let all = count(pages.len());
        let unusable = count(pages.iter().filter(|it| !can_be_kept(&it.url)).count());
        let before = self.bookmark_count(&profile).await?;
        self.command(Command::AddBookmarks(profile.clone(), pages))
            .await?;
        let added = self.bookmark_count(&profile).await?.saturating_sub(before);
        Ok(Imported {
            added,
            known: all.saturating_sub(unusable).saturating_sub(added),
            unusable,
        })
    }

    /// Writes the bookmarks of a profile to a file, in the place of what was there.
    ///
    /// # Errors
    /// If that is not to be had; what was there stays.
    pub async fn export_bookmarks(
        &self,
        profile: ProfileName,
        path: String,
    ) -> Result<(), Problem> {
        self.bookmark_count(&profile).await?;
        let text = self
            .look(move |browser, _| browser.bookmark_file(&profile))
            .await
            .ok_or(Problem::Closing)?;
        let to = path.clone();
        at(&path, move || write(Path::new(&to), &text)).await
    }

    async fn bookmark_count(&self, profile: &ProfileName) -> Result<u32, Problem> {
        let profile = profile.clone();
        let found = self
            .look(move |browser, _| browser.bookmark_count(&profile))
            .await
            .ok_or(Problem::Closing)?;
        found.map(count).ok_or(Problem::UnknownProfile)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Does something with a file where it may take its time.
async fn at<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> Result<T, BookmarkFault> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(refused(&io::Error::other(error))));
    let path = path.to_owned();
    done.map_err(|fault| Problem::BookmarkFile { path, fault })
}

fn refused(error: &io::Error) -> BookmarkFault {
    let detail = error.to_string();
    BookmarkFault::Refused { detail }
}

fn read(path: &Path) -> Result<String, BookmarkFault> {
    // A pipe would never end, and a device may be anything.
    let found = std::fs::metadata(path).map_err(|error| refused(&error))?;
    if !found.is_file() {
        return Err(BookmarkFault::None);
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| refused(&error))?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(BookmarkFault::TooLarge);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), BookmarkFault> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut part| {
        part.write_all(text.as_bytes())?;
        part.as_file().sync_all()?;
        part.persist(path)?;
        Ok(())
    });
    written.map_err(|error| refused(&error))
}
