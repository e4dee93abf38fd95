//! Files into a container and out of it, as the tar archives that engines speak.

use std::io::{Read as _, Write as _};

use bollard::errors::Error;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::files::File;
use super::link::Link;

/// Bytes of an archive that are read.
const READ_LIMIT: usize = 4 << 20;

/// Puts files into a container, which need not run.
pub(super) async fn put(link: &Link, container: &str, files: &[File]) -> Result<(), Error> {
    let archive = pack(files)?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    // As a stream: the text of a request can be traced, that of a stream cannot.
    let body = futures_util::stream::once(async move { Bytes::from(archive) });
    link.docker
        .upload_to_container(container, Some(options), bollard::body_stream(body))
        .await
}

/// The text of one file of a container, which need not run. Its first 4 MiB, if it is longer.
pub(super) async fn get(link: &Link, container: &str, path: &str) -> Result<String, Error> {
    let options = DownloadFromContainerOptionsBuilder::default()
        .path(path)
        .build();
    let mut stream = link
        .docker
        .download_from_container(container, Some(options));
    let mut archive = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        archive.extend_from_slice(&chunk);
        if archive.len() >= READ_LIMIT {
            archive.truncate(READ_LIMIT);
            break;
        }
    }
    Ok(first_text(&archive))
}

/// Files as an archive.
pub(super) fn pack(files: &[File]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_uid(file.owner);
        header.set_gid(file.owner);
        header.set_mode(file.mode);
        if file.path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_size(file.text.len() as u64);
        let path = file.path.trim_start_matches('/');
        archive.append_data(&mut header, path, file.text.as_bytes())?;
    }
    let mut bytes = archive.into_inner()?;
    bytes.flush()?;
    Ok(bytes)
}

/// The first file's text, as much as there is of it.
fn first_text(archive: &[u8]) -> String {
    let mut archive = tar::Archive::new(archive);
    let mut text = Vec::new();
    if let Ok(entries) = archive.entries() {
        for entry in entries.flatten() {
            if entry.header().entry_type().is_file() {
                // What was cut off is missing, no more.
                let _ = entry.take(READ_LIMIT as u64).read_to_end(&mut text);
                break;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn files() -> [File; 2] {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            owner: 1000,
            mode: 0o400,
            text: text.into(),
        };
        [file("/home/neko/", ""), file("/etc/neko/neko.yaml", "{}")]
    }

    #[test]
    fn what_was_packed_comes_out_with_owner_and_mode() {
        let packed = pack(&files()).unwrap();
        let mut archive = tar::Archive::new(packed.as_slice());
        let found: Vec<(String, u64, u32, bool)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                (
                    entry.path().unwrap().to_string_lossy().into_owned(),
                    header.uid().unwrap(),
                    header.mode().unwrap(),
                    header.entry_type().is_dir(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("home/neko/".to_owned(), 1000, 0o400, true),
                ("etc/neko/neko.yaml".to_owned(), 1000, 0o400, false),
            ]
        );
        assert_eq!(first_text(&packed), "{}");
    }

    proptest! {
        #[test]
        fn no_archive_of_an_engine_breaks_us(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
            first_text(&bytes);
            let mut packed = pack(&files()).unwrap();
            for (at, byte) in bytes.iter().enumerate().take(600) {
                packed[at] ^= byte;
            }
            first_text(&packed);
        }
    }
}
