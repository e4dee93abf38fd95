//! The files of a container.

use super::*;
use crate::runtime::docker::owner::Owner;
use duotab_core::message::ProfileName;
use std::net::Ipv4Addr;

fn settings<'a>(password: &'a Secret, args: &'a [String]) -> Settings<'a> {
    let owner = Owner::new("here".into(), "", "");
    Settings {
        flavour: Flavour::of("chromium"),
        encoder: Encoder::Software,
        owner: Some(owner.files(&ProfileName("default".into()))),
        username: "duotab",
        password,
        media_port: 40_000,
        seen_at: Ipv4Addr::LOCALHOST.into(),
        screen: (1280, 720, 30),
        scale_percent: 150,
        start_url: "http://a/\n--no-sandbox",
        browser_args: args,
        home_closed: false,
        lease: None,
    }
}

fn text(files: &[File], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path);
    file.expect(path).text.clone()
}

#[test]
fn the_password_stands_in_one_file_that_neko_alone_reads() {
    let password = Secret::new("0123secret");
    let files = all(&settings(&password, &[]));
    let with: Vec<&File> = files
        .iter()
        .filter(|file| file.text.contains("0123secret"))
        .collect();
    assert_eq!(with.len(), 1);
    assert_eq!(
        (with[0].path.as_str(), with[0].owner, with[0].mode),
        (CONFIG, NEKO, 0o400)
    );
    assert_eq!(login(&with[0].text), Some(("duotab".into(), password)));
}

#[test]
fn an_address_adds_no_argument() {
    let password = Secret::new("");
    let files = all(&settings(&password, &["--own".to_owned()]));
    let lines = text(&files, "/etc/neko/duotab-arguments");
    let last: Vec<&str> = lines.lines().rev().take(3).collect();
    assert_eq!(last, ["http://a/--no-sandbox", "--", "--own"]);
    assert!(lines.contains("--force-device-scale-factor=1.5\n"));
    assert!(lines.contains("--window-size=853,480\n"));
}

#[test]
fn neko_is_told_everything_that_its_defaults_get_wrong() {
    let password = Secret::new("p");
    let files = all(&settings(&password, &[]));
    let config: Value = serde_json::from_str(&text(&files, CONFIG)).unwrap();
    assert_eq!(config["legacy"], false);
    assert_eq!(config["server"]["metrics"], false);
    assert_eq!(config["member"]["provider"], "object");
    assert_eq!(config["webrtc"]["udpmux"], 40_000);
    assert_eq!(config["webrtc"]["nat1to1"][0], "127.0.0.1");
    assert_eq!(config["webrtc"]["ip_retrieval_url"], "");
    let pipeline = config["capture"]["video"]["pipeline"].as_str().unwrap();
    assert_eq!(pipeline.matches("{display}").count(), 1);
    assert!(pipeline.ends_with("appsink name=appsink"));
}

#[test]
fn only_what_may_be_left_alone_has_a_lease() {
    let password = Secret::new("p");
    let here = all(&settings(&password, &[]));
    assert!(here.iter().all(|file| file.path != lease::LEASE));
    let there = all(&Settings {
        lease: Some(600),
        ..settings(&password, &[])
    });
    assert!(!text(&there, lease::LEASE).is_empty());
    let programs = text(&there, "/etc/neko/supervisord/chromium.conf");
    assert!(programs.contains("duotab-lease.sh 600"));
}

#[test]
fn each_encoder_gets_its_own_elements_and_its_codec() {
    let password = Secret::new("p");
    for (encoder, codec, element) in [
        (Encoder::Software, "vp8", "vp8enc"),
        (Encoder::Vaapi, "h264", "vah264enc"),
        (Encoder::Nvidia, "h264", "nvh264enc"),
        (Encoder::V4l2, "h264", "v4l2h264enc"),
    ] {
        let settings = Settings {
            encoder,
            ..settings(&password, &[])
        };
        let config: Value = serde_json::from_str(&text(&all(&settings), CONFIG)).unwrap();
        let video = &config["capture"]["video"];
        let pipeline = video["pipeline"].as_str().unwrap();
        assert_eq!(video["codec"], codec);
        assert!(
            pipeline.contains(&format!("! {element} name=encoder ")),
            "{pipeline}"
        );
        assert!(pipeline.ends_with("! appsink name=appsink"));
    }
}

#[test]
fn neko_s_user_is_in_the_group_of_a_device_besides_its_own() {
    let file = groups("root:x:0:\nneko:x:1000:", 105);
    assert_eq!(
        file.text,
        "root:x:0:\nneko:x:1000:\nduotab-encoder:x:105:neko\n"
    );
}

#[test]
fn a_file_that_is_no_configuration_of_ours_has_no_login() {
    for text in [
        "",
        "{}",
        "bind: :8080",
        r#"{"member":{"object":{"users":[]}}}"#,
    ] {
        assert_eq!(login(text), None);
    }
}

#[test]
fn the_extension_lies_where_the_browser_is_told_to_look_for_it() {
    let password = Secret::new("");
    let files = all(&settings(&password, &[]));
    let told = text(&files, "/etc/neko/duotab-arguments");
    let folder = told
        .lines()
        .find_map(|it| it.strip_prefix("--load-extension="));
    let manifest = text(&files, &format!("{}/manifest.json", folder.unwrap()));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let program = manifest["background"]["service_worker"].as_str().unwrap();
    text(&files, &format!("{}/{program}", folder.unwrap()));
}
