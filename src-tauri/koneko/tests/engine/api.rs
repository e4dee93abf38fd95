//! REST and WebSocket, as Neko's clients know them.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(engine: &Engine, token: &str) -> Socket {
    let url = engine.ws_url(&format!("/api/ws?token={token}"));
    tokio_tungstenite::connect_async(url).await.unwrap().0
}

async fn event(socket: &mut Socket) -> Option<Value> {
    loop {
        let message = tokio::time::timeout(LIMIT, socket.next()).await;
        match message.expect("an event in time")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[tokio::test]
async fn the_api_answers_as_neko_does() {
    let engine = Engine::start(|_| {}).await;
    let http = reqwest::Client::new();
    let health = http.get(engine.url("/health")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "true");

    let whoami = http.get(engine.url("/api/whoami"));
    let reply = whoami.try_clone().unwrap().send().await.unwrap();
    assert_eq!(reply.status(), 401);
    let body: Value = reply.json().await.unwrap();
    assert_eq!(body, json!({ "code": 401, "message": "Unauthorized" }));

    let login = |password: &str| {
        http.post(engine.url("/api/login"))
            .json(&json!({ "username": "duotab", "password": password }))
            .send()
    };
    assert_eq!(login("wrong").await.unwrap().status(), 401);
    let empty = http.post(engine.url("/api/login")).send().await.unwrap();
    assert_eq!(empty.status(), 400);
    let body: Value = empty.json().await.unwrap();
    assert_eq!(body["message"], "no data provided");

    let token = engine.login().await;
    assert_eq!(token.len(), 64);
    let me: Value = whoami
        .bearer_auth(&token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(me["id"], "duotab");
    assert_eq!(me["profile"]["is_admin"], true);

    // A second login while nobody is connected takes the place of the first.
    let second = engine.login().await;
    let old = http.get(engine.url("/api/stats")).bearer_auth(&token);
    assert_eq!(old.send().await.unwrap().status(), 401);
    assert_eq!(engine.post(&second, "/api/room/control/request").await, 204);
    assert_eq!(engine.post(&second, "/api/room/control/request").await, 202);
    assert_eq!(engine.post(&second, "/api/room/control/release").await, 204);
    assert_eq!(engine.post(&second, "/api/room/control/release").await, 422);
    assert_eq!(engine.post(&second, "/api/room/control/give/x").await, 404);
    let page = http
        .get(engine.url("/health"))
        .header("Origin", "http://evil.example");
    assert_eq!(page.send().await.unwrap().status(), 403);
    let nowhere = http.get(engine.url("/api/nowhere")).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    assert_eq!(engine.post(&second, "/api/logout").await, 200);
    assert_eq!(engine.post(&second, "/api/logout").await, 401);
}

#[tokio::test]
async fn a_websocket_is_greeted_replaced_and_refused_as_neko_does() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut first = open(&engine, &token).await;
    for name in ["system/init", "system/admin", "session/state"] {
        assert_eq!(event(&mut first).await.unwrap()["event"], name);
    }
    let again = reqwest::Client::new()
        .post(engine.url("/api/login"))
        .json(&json!({ "username": "duotab", "password": "secret" }));
    assert_eq!(again.send().await.unwrap().status(), 422);

    let mut second = open(&engine, &token).await;
    let init = event(&mut second).await.unwrap();
    assert_eq!(init["payload"]["session_id"], "duotab");
    assert_eq!(init["payload"]["screen_size"]["width"], 800);
    let said = event(&mut first).await.unwrap();
    assert_eq!(said["event"], "system/disconnect");
    assert_eq!(said["payload"]["message"], "connection replaced");
    assert_eq!(event(&mut first).await, None);

    let mut stranger = open(&engine, "nonsense").await;
    let said = event(&mut stranger).await.unwrap();
    assert_eq!(said["payload"]["message"], "session not found");
    assert_eq!(event(&mut stranger).await, None);

    // Said and done: nobody is connected, so a login is free at once.
    let bye = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    second.send(Message::Close(Some(bye))).await.unwrap();
    while event(&mut second).await.is_some() {}
    let third = engine.login().await;
    let mut last = open(&engine, &third).await;
    event(&mut last).await.unwrap();
    assert_eq!(engine.post(&third, "/api/logout").await, 200);
    loop {
        let said = event(&mut last).await.unwrap();
        if said["event"] == "system/disconnect" {
            assert_eq!(said["payload"]["message"], "session deleted");
            break;
        }
    }
}

#[tokio::test]
async fn a_page_may_not_open_the_websocket() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    for path in ["/api/ws", "/api/koneko/cdp"] {
        let mut request = engine.ws_url(path).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Origin", "http://evil.example".parse().unwrap());
        headers.insert("Authorization", format!("Bearer {token}").parse().unwrap());
        assert!(tokio_tungstenite::connect_async(request).await.is_err());
    }
}

#[tokio::test]
async fn the_screen_takes_any_size_up_to_the_largest_and_the_page_follows() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut cdp = Cdp::connect(&engine, &token).await;
    cdp.attach().await;
    let set = |width: u32, height: u32| {
        reqwest::Client::new()
            .post(engine.url("/api/room/screen"))
            .bearer_auth(&token)
            .json(&json!({ "width": width, "height": height, "rate": 60 }))
            .send()
    };
    for (width, height) in [(1001, 703), (1920, 1080), (501, 777), (1280, 720)] {
        let fits = format!(
            "new Promise(done => {{ const look = () => \
             innerWidth == {width} && innerHeight == {height} && done(true); \
             addEventListener('resize', look); look() }})"
        );
        assert_eq!(set(width, height).await.unwrap().status(), 200);
        assert_eq!(cdp.evaluate(&fits).await, true, "{width}x{height}");
    }
    assert_eq!(set(1921, 1080).await.unwrap().status(), 422);
    assert_eq!(set(0, 0).await.unwrap().status(), 422);
}

#[tokio::test]
async fn a_second_page_control_takes_the_place_of_the_first() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut first = Cdp::connect(&engine, &token).await;
    first.attach().await;
    first.call("Page.enable", json!({})).await;
    assert_eq!(first.evaluate("1 + 1").await, 2);
    let mut second = Cdp::connect(&engine, &token).await;
    assert!(second.call("Browser.getVersion", json!({})).await["product"].is_string());
    while first.next().await.is_some() {}
    second.attach().await;
    second.call("Page.enable", json!({})).await;
    let page = "data:text/html,<title>here</title>";
    second.call("Page.navigate", json!({ "url": page })).await;
    second.event("Page.loadEventFired").await;
    assert_eq!(second.evaluate("document.title").await, "here");
}
