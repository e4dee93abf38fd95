//! Devices that are there, and do not encode.

use std::path::Path;
use std::process::Command;

use duotab_backend::runtime::docker::Machine;
use duotab_core::message::{Encoder, SessionId};

use crate::home::{Home, is_healthy};

/// A machine with device files of a graphics card and of a video encoder, with nothing behind them.
/// Where device files cannot be made there is nothing to tell.
fn machine(root: &Path) -> Option<Machine> {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("sys/class/drm/renderD128/device/vendor", "0x8086\n");
    write(
        "sys/class/video4linux/video11/name",
        "bcm2835-codec-encode\n",
    );
    std::fs::create_dir_all(root.join("dev/dri")).unwrap();
    for path in ["dev/dri/renderD128", "dev/video11"] {
        // As /dev/null.
        let made = Command::new("mknod")
            .arg(root.join(path))
            .args(["c", "1", "3"])
            .status();
        if !made.is_ok_and(|it| it.success()) {
            eprintln!("no device files can be made here");
            return None;
        }
    }
    let machine = Machine::at(root);
    assert!(machine.intel);
    assert_eq!((machine.cards.len(), machine.codecs.len()), (1, 1));
    Some(machine)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_does_not_encode_is_asked_once_and_the_processor_encodes() {
    let root = tempfile::tempdir().unwrap();
    let Some(home) = Home::new("encoder-none") else {
        return;
    };
    let Some(machine) = machine(root.path()) else {
        return;
    };
    let mut home = home.with(|with, _| with.machine = machine);
    let endpoint = home.start(1).await.unwrap();
    assert!(is_healthy(&endpoint).await);
    assert_eq!(home.encoder().await, Encoder::Software);
    // No device, and no container that asked for one.
    let container = home.container();
    let inspected = home.engine.docker(&[
        "inspect",
        "--format",
        "{{.HostConfig.Devices}} {{.HostConfig.Runtime}}",
        &container,
    ]);
    assert!(inspected[0].starts_with("[] "), "{inspected:?}");
    home.docker.stop(SessionId(1)).await.unwrap();

    // What came of it is kept for the image; the next life of the app does not ask again.
    let kept = home.with.kept.clone();
    let dri = root.path().join("dev/dri/renderD128").display().to_string();
    let result: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let asked = result["encodes"].as_object().unwrap();
    assert_eq!(asked.len(), 2, "{kept}");
    let of = |device: &str| asked.iter().find(|(key, _)| key.starts_with(device));
    assert_eq!(of(&dri).unwrap().1, false);
    home.restart();
    home.start(2).await.unwrap();
    assert_eq!(home.encoder().await, Encoder::Software);
    home.docker.stop(SessionId(2)).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_encodes_is_known_of_an_engine_that_an_earlier_life_started() {
    let Some(mut home) = Home::new("encoder-found") else {
        return;
    };
    home.start(1).await.unwrap();
    assert_eq!(home.encoder().await, Encoder::Software);
    home.restart();
    home.docker.adopt(SessionId(1)).await.unwrap();
    assert_eq!(home.encoder().await, Encoder::Software);
    home.docker.stop(SessionId(1)).await.unwrap();
}
