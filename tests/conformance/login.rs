//! REST: login and who one is.

use duotab_backend::endpoint::{Endpoint, Secret};
use duotab_backend::neko::{Failure, News, Options};
use duotab_core::message::Leg;
use duotab_core::neko::shape::SessionData;

use crate::fixture::{Watched, server};
use crate::raw::{call, log_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_gives_a_token_and_whoami_knows_it() {
    let server = server();
    let reply = log_in(&server).await;
    let token = reply.token.expect("a token");
    assert_eq!(token.len(), 64, "64 characters");
    assert!(
        token
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
    );
    assert!(reply.profile.is_admin && reply.profile.can_host && reply.profile.can_watch);
    assert!(!reply.state.is_connected);
    let (status, text) = call(&server, "GET", "/api/whoami", Some(&token), None).await;
    assert_eq!(status, 200);
    let who: SessionData = serde_json::from_str(&text).unwrap();
    assert_eq!(who.id, reply.id);
    assert_eq!(who.profile, reply.profile);
    let (status, text) = call(&server, "POST", "/api/logout", Some(&token), None).await;
    assert_eq!((status, text.trim()), (200, "true"));
    let (status, _) = call(&server, "GET", "/api/whoami", Some(&token), None).await;
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_status_and_body() {
    let server = server();
    let refused = r#"{"code":401,"message":"Unauthorized"}"#;
    let wrong = serde_json::json!({"username": server.user, "password": "wrong"}).to_string();
    let (status, text) = call(&server, "POST", "/api/login", None, Some(&wrong)).await;
    assert_eq!((status, text.trim()), (401, refused));
    for token in [None, Some("wrong")] {
        let (status, text) = call(&server, "GET", "/api/whoami", token, None).await;
        assert_eq!((status, text.trim()), (401, refused));
    }
    let (status, text) = call(&server, "POST", "/api/login", None, Some("{")).await;
    let said = r#"{"code":400,"message":"unable to parse provided data"}"#;
    assert_eq!((status, text.trim()), (400, said));
    let (status, text) = call(&server, "POST", "/api/login", None, None).await;
    let said = r#"{"code":400,"message":"no data provided"}"#;
    assert_eq!((status, text.trim()), (400, said));
    let (status, text) = call(&server, "GET", "/health", None, None).await;
    assert_eq!((status, text.trim()), (200, "true"));
    let (status, _) = call(&server, "GET", "/api/nothing", None, None).await;
    assert_eq!(status, 404);
    let (status, _) = call(&server, "GET", "/api/login", None, None).await;
    assert_eq!(status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_open_already_is_used_and_one_that_has_died_is_made_anew() {
    let server = server();
    for dead in [false, true] {
        let token = log_in(&server).await.token.unwrap();
        if dead {
            let (status, _) = call(&server, "POST", "/api/logout", Some(&token), None).await;
            assert_eq!(status, 200);
        }
        let endpoint = Endpoint {
            login: Some(Secret::new(token.as_str())),
            ..server.endpoint()
        };
        let mut it = Watched::live(endpoint, Options::default()).await;
        let (status, text) = call(&server, "GET", "/api/whoami", Some(&token), None).await;
        assert_eq!(status == 200, !dead, "{text}");
        it.neko.close().await;
        it.until("the end", |it| *it == News::Closed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_wrong_password_gives_up_at_once() {
    let server = server();
    let mut endpoint = server.endpoint();
    endpoint.password = Secret::new("wrong");
    let mut it = Watched::start(endpoint, Options::default());
    let news = it
        .until("a failure", |it| matches!(it, News::Failed(..)))
        .await;
    assert_eq!(news, News::Failed(Leg::Signalling, Failure::Unauthorized));
    it.until("the end", |it| *it == News::Closed).await;
}
