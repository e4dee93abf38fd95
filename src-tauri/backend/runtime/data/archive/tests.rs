use super::*;
use proptest::prelude::*;

fn piece(path: &str, bytes: u64) -> Piece {
    Piece {
        path: path.into(),
        kind: Kind::File,
        bytes,
        mode: 0o644,
        changed: 7,
    }
}

fn export(pieces: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), Job::unwatched()).unwrap();
    for (path, text) in pieces {
        let mut text = *text;
        let bytes = text.len() as u64;
        writer.add(&piece(path, bytes), &mut text).unwrap();
    }
    writer.end().unwrap()
}

fn read(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let mut all = Vec::new();
    let reader = Reader {
        path: Path::new("it.tar"),
        limits: Limits {
            bytes: 1 << 20,
            pieces: 100,
        },
        job: &Job::unwatched(),
    };
    reader.read(archive, &mut |piece, data| {
        let mut text = Vec::new();
        data.read_to_end(&mut text)?;
        all.push((piece.path.display().to_string(), text));
        Ok(())
    })?;
    Ok(all)
}

fn fault(archive: &[u8]) -> ProfileFault {
    match read(archive) {
        Err(DataError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn path() -> String {
    "it.tar".to_owned()
}

#[test]
fn what_is_written_is_read_also_under_a_long_name() {
    let long = format!("Default/{}/{}", "a".repeat(150), "b".repeat(160));
    let archive = export(&[("Local State", b"{}"), (&long, b"far"), ("empty", b"")]);
    let all = read(&archive).unwrap();
    assert_eq!(
        all,
        [
            ("Local State".to_owned(), b"{}".to_vec()),
            (long, b"far".to_vec()),
            ("empty".to_owned(), Vec::new()),
        ]
    );
}

#[test]
fn a_file_that_is_cut_short_anywhere_is_never_taken_for_whole() {
    let archive = export(&[("a", &[1; 700]), ("b", &[2; 20])]);
    // What follows the last note is no more than padding.
    let needed = archive.len() - 1024 - 512 + 2;
    for length in (0..needed).step_by(61).chain([512, 1024, 1536]) {
        assert!(read(&archive[..length]).is_err(), "{length}");
    }
    assert_eq!(
        fault(&archive[..1536 + 100]),
        ProfileFault::Incomplete { path: path() }
    );
}

#[test]
fn a_file_one_of_whose_bytes_has_changed_is_not_taken() {
    let mut archive = export(&[("Default/Cookies", b"a login of a person")]);
    assert!(read(&archive).is_ok());
    let at = archive.windows(5).position(|it| it == b"login").unwrap();
    archive[at] ^= 1;
    assert_eq!(fault(&archive), ProfileFault::Incomplete { path: path() });
}

#[test]
fn an_export_of_an_earlier_version_has_no_sum() {
    let tail: Tail = serde_json::from_str(r#"{"pieces":1,"bytes":2}"#).unwrap();
    assert_eq!(tail.md5, None);
}

#[test]
fn another_program_s_archive_is_none_of_ours() {
    let mut other = Builder::new(Vec::new());
    let piece = piece("data/Local State", 2);
    other
        .append_data(&mut header(&piece), &piece.path, &b"{}"[..])
        .unwrap();
    let other = other.into_inner().unwrap();
    for bytes in [&other[..], b"", b"PK\x03\x04 and so on", &[0; 4096]] {
        assert_eq!(fault(bytes), ProfileFault::NotOurs { path: path() });
    }
}

/// An export with one more piece, whatever it is.
fn with(change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), Job::unwatched()).unwrap();
    let mut header = header(&piece("data/x", 0));
    header.set_path("data/x").unwrap();
    change(&mut header);
    header.set_cksum();
    writer.tar.append(&header, &b""[..]).unwrap();
    writer.wrote.pieces += 1;
    writer.end().unwrap()
}

fn named(path: &str) -> Vec<u8> {
    with(|header| {
        let field = &mut header.as_mut_bytes()[..100];
        field.fill(0);
        field[..path.len()].copy_from_slice(path.as_bytes());
    })
}

#[test]
fn no_path_leads_out_of_the_folder_and_no_link_and_no_device_is_taken() {
    assert!(read(&named("data/fine")).is_ok());
    for bad in [
        "data/../../etc/passwd",
        "data/a/../../b",
        "/data/x",
        "/etc/passwd",
        "../x",
        "elsewhere/x",
        "data-x/y",
    ] {
        assert_eq!(
            fault(&named(bad)),
            ProfileFault::NotOurs { path: path() },
            "{bad}"
        );
    }
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
        EntryType::new(b'?'),
    ] {
        let archive = with(|header| {
            header.set_entry_type(kind);
            header.set_link_name("/etc/passwd").unwrap();
        });
        assert_eq!(fault(&archive), ProfileFault::NotOurs { path: path() });
    }
}

#[test]
fn more_than_the_limit_is_too_much() {
    let big = export(&[("a", &[0; 2 << 20])]);
    assert_eq!(fault(&big), ProfileFault::TooLarge { path: path() });
    let text: &[u8] = b"";
    let many = vec![("a", text); 101];
    assert_eq!(
        fault(&export(&many)),
        ProfileFault::TooLarge { path: path() }
    );
}

#[test]
fn a_person_who_gives_up_is_heard_in_the_middle_of_a_file() {
    let cancel = tokio_util::sync::CancellationToken::new();
    cancel.cancel();
    let job = Job::new(std::sync::Arc::new(|_, _| {}), cancel);
    let mut writer = Writer::begin(Vec::new(), job).unwrap();
    let mut text: &[u8] = &[0; 10];
    let error = writer.add(&piece("a", 10), &mut text).unwrap_err();
    assert_eq!(DataError::of(Path::new("a"), &error), DataError::Cancelled);
}

proptest! {
    #[test]
    fn no_bytes_break_it_and_what_it_takes_stays_below(
        noise in prop::collection::vec((0_usize..4096, any::<u8>()), 0..12),
        cut in 0_usize..8192,
    ) {
        let mut archive = export(&[("Default/Cookies", &[3; 600]), ("b", b"x")]);
        for (at, byte) in noise {
            let length = archive.len();
            archive[at % length] ^= byte;
        }
        archive.truncate(cut.max(1));
        if let Ok(all) = read(&archive) {
            for (path, _) in all {
                prop_assert!(!path.starts_with('/') && !path.split('/').any(|it| it == ".."));
            }
        }
    }
}
