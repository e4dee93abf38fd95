//! Files on their way between the browser and the person's machine.

use crate::engine::Engine;
use duotab_backend::endpoint::{Cdp, Endpoint, Secret, Shelf, ShelfWay};
use std::io::{Cursor, ErrorKind};
use std::path::Path;
use tokio::io::AsyncReadExt;

async fn shelf_of(engine: &Engine) -> (Shelf, String) {
    let endpoint = Endpoint {
        base: engine.url("/").parse().unwrap(),
        via: None,
        seen_at: None,
        relay: None,
        username: "duotab".to_owned(),
        password: Secret::new("secret"),
        cdp: Cdp::KonekoRelay,
        shelf: ShelfWay::Koneko,
        login: None,
    };
    let token = engine.login().await;
    (Shelf::of(endpoint, Secret::new(token.clone())), token)
}

#[tokio::test]
async fn a_file_is_put_on_the_shelf_and_taken_from_it_and_the_shelf_goes_with_the_engine() {
    let mut engine = Engine::start(|_| {}).await;
    let (shelf, token) = shelf_of(&engine).await;
    let folder = shelf.folder().await.unwrap();
    let size = 3_000_000_u64;
    let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let put = |name: &'static str| shelf.put("batch 1", name, size, Cursor::new(bytes.clone()));
    put("größe ?#%.bin").await.unwrap();
    let there = Path::new(&folder).join("batch 1/größe ?#%.bin");
    assert!(std::fs::read(&there).unwrap() == bytes, "not as it was put");
    assert!(put("größe ?#%.bin").await.is_err(), "nothing is replaced");

    std::fs::write(Path::new(&folder).join("guid"), &bytes).unwrap();
    let (told, mut taken) = shelf.take("guid").await.unwrap();
    let mut all = Vec::new();
    taken.read_to_end(&mut all).await.unwrap();
    assert_eq!((told, all.len()), (size, bytes.len()));
    assert!(all == bytes, "not as it lay there");

    let none = shelf.take("other").await.err().unwrap();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    shelf.clear().await.unwrap();
    let none = shelf.take("guid").await.err().unwrap();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    assert!(there.exists(), "what was given to a page stays");
    shelf.remove("batch 1").await.unwrap();
    shelf.remove("batch 1").await.unwrap();
    assert!(!there.exists());

    engine.post(&token, "/api/koneko/shutdown").await;
    engine.ended().await;
    assert!(!Path::new(&folder).exists());
}

#[tokio::test]
async fn what_breaks_off_on_its_way_to_the_shelf_is_not_there() {
    let engine = Engine::start(|_| {}).await;
    let (shelf, _) = shelf_of(&engine).await;
    let short = Cursor::new(vec![0; 1000]);
    assert!(shelf.put("batch", "short", 2000, short).await.is_err());
    let folder = shelf.folder().await.unwrap();
    let gone = async {
        while Path::new(&folder).join("batch/short").exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::engine::LIMIT, gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_without_a_login_and_no_way_out_of_the_shelf() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let http = reqwest::Client::new();
    let url = engine.url("/api/koneko/shelf/guid");
    assert_eq!(http.get(&url).send().await.unwrap().status(), 401);
    for place in [
        "..%2f..%2fconfig.json",
        "%2fetc%2fpasswd",
        "a%2fb%2fc",
        "a%00b",
    ] {
        let url = engine.url(&format!("/api/koneko/shelf/{place}"));
        let answer = http.get(&url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{place}");
    }
}
