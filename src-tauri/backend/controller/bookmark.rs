//! Bookmarks out of a file and into one.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use duotab_core::bookmark::file;
use duotab_core::browser::Browser;
use duotab_core::event::Command;
use duotab_core::message::{BookmarkFault, Imported, Problem, ProfileName};

use super::Controller;
use super::look::Saved;

/// Larger ones are not read, in bytes: there is room for every icon.
const LARGEST: u64 = 256 << 20;

impl Controller {
    /// Keeps the pages of a file among the bookmarks of a profile.
    ///
    /// # Errors
    /// If it cannot be read or has none, nothing is kept in the profile, or it cannot be saved.
    pub async fn import_bookmarks(
        &self,
        profile: ProfileName,
        path: String,
    ) -> Result<Imported, Problem> {
        let from = path.clone();
        let reading = move || {
            let all = file::read(&read(Path::new(&from))?);
            let found = all.len();
            let usable: Vec<file::Page> = all.into_iter().filter_map(file::Page::usable).collect();
            if found == 0 {
                return Err(BookmarkFault::None);
            }
            Ok((found - usable.len(), Arc::new(usable)))
        };
        let (unusable, pages) = at(&path, reading).await?;
        let (of, new) = (profile.clone(), Arc::clone(&pages));
        let found = self
            .look(move |browser, _| browser.preview(&of, &new))
            .await
            .ok_or(Problem::Closing)?;
        let mut imported = found.ok_or(Problem::UnknownProfile)?;
        imported.unusable = count(unusable);
        let pages = Arc::unwrap_or_clone(pages);
        self.command(Command::AddBookmarks(profile.clone(), pages))
            .await?;
        self.are_saved(profile).await?;
        Ok(imported)
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
        let found = self
            .look(move |browser, _| browser.all_bookmarks(&profile))
            .await
            .ok_or(Problem::Closing)?;
        let all = found.ok_or(Problem::UnknownProfile)?;
        let to = path.clone();
        at(&path, move || {
            write(Path::new(&to), &file::write(all.iter()))
        })
        .await
    }

    /// Whether what is kept will be there after the next start.
    async fn are_saved(&self, profile: ProfileName) -> Result<(), Problem> {
        let see = move |browser: &Browser, saved: &Saved| {
            let all = browser.all_bookmarks(&profile).unwrap_or_default();
            (profile, count(all.len()), Arc::clone(saved))
        };
        let (profile, wanted, saved) = self.look(see).await.ok_or(Problem::Closing)?;
        let look = move || {
            let store = saved.lock().unwrap_or_else(PoisonError::into_inner);
            let there = store.bookmark_count(&profile);
            let failed = |detail: String| Problem::StoreFailed {
                path: store.path().display().to_string(),
                detail,
            };
            match there {
                Ok(there) if there >= wanted => Ok(()),
                Ok(_) => Err(failed("they are there until Duotab is closed".to_owned())),
                Err(error) => Err(failed(error.to_string())),
            }
        };
        let looked = tokio::task::spawn_blocking(look).await;
        looked.unwrap_or(Err(Problem::Closing))
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

/// Whole or not at all; with the rights of the file that was there, and where a link to it leads.
fn write(path: &Path, text: &str) -> Result<(), BookmarkFault> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = std::fs::metadata(path).ok();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut part| {
        part.write_all(text.as_bytes())?;
        if let Some(before) = before {
            part.as_file().set_permissions(before.permissions())?;
        }
        part.as_file().sync_all()?;
        part.persist(path)?;
        Ok(())
    });
    written.map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_rights_and_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["kept.html", "link.html"].map(|name| folder.path().join(name));
        std::fs::write(&file, "before").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write(&link, "after").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "after");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
        let new = folder.path().join("new.html");
        write(&new, "new").unwrap();
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let nowhere = folder.path().join("none/new.html");
        assert!(matches!(
            write(&nowhere, "x"),
            Err(BookmarkFault::Refused { .. })
        ));
        assert!(matches!(read(folder.path()), Err(BookmarkFault::None)));
    }
}
