//! The WebSocket: order, shape, ends.

use duotab_backend::neko::{Failure, News, Options};
use duotab_core::message::Leg;
use duotab_core::neko::event::{ClientEvent, Disconnect, ServerEvent};
use duotab_core::neko::signal::{Request, VideoRequest};

use crate::fixture::{Watched, server};
use crate::raw::{Raw, log_in};

#[tokio::test(flavor = "multi_thread")]
async fn init_comes_first_and_the_offer_has_its_shape() {
    let server = server();
    let reply = log_in(&server).await;
    let mut raw = Raw::open(&server, reply.token.as_deref()).await;
    let (_, first) = raw.next().await.unwrap();
    let ServerEvent::SystemInit(init) = first else {
        panic!("first came {first:?}");
    };
    assert_eq!(init.session_id, reply.id);
    assert!(init.sessions.contains_key(&reply.id));
    assert!(init.screen_size.width > 0 && init.screen_size.rate > 0);
    assert!(!init.webrtc.videos.is_empty());
    assert!(init.settings.heartbeat_interval > 0);
    let (_, second) = raw.next().await.unwrap();
    assert!(matches!(second, ServerEvent::SystemAdmin(_)), "{second:?}");

    raw.send(ClientEvent::SignalRequest(Request::default()))
        .await;
    let seen = raw
        .until(|it| matches!(it, ServerEvent::SignalProvide(_)))
        .await;
    let Some(ServerEvent::SignalProvide(provide)) = seen.last() else {
        unreachable!();
    };
    assert!(!provide.video.disabled && !provide.video.id.is_empty());
    let sdp = &provide.sdp;
    for line in [
        "a=group:BUNDLE 0 1 2",
        "a=setup:actpass",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "webrtc-datachannel",
        "a=sctp-port:5000",
        "a=mid:2",
        "a=rtpmap:111 opus/48000/2",
    ] {
        assert!(sdp.contains(line), "{line} is not in\n{sdp}");
    }
    let media: Vec<_> = sdp
        .lines()
        .filter(|it| it.starts_with("m="))
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    assert_eq!(media, ["m=audio", "m=video", "m=application"]);
    for feedback in ["nack", "nack pli", "ccm fir"] {
        let has = sdp
            .lines()
            .any(|it| it.starts_with("a=rtcp-fb:") && it.ends_with(&format!(" {feedback}")));
        assert!(has, "{feedback} is not in\n{sdp}");
    }
    assert!(!sdp.contains("rtx/"), "no retransmission stream");
    raw.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_and_the_socket_ends() {
    let server = server();
    for (token, why) in [
        (None, Disconnect::NoAuthentication),
        (Some("wrong"), Disconnect::SessionNotFound),
    ] {
        let mut raw = Raw::open(&server, token).await;
        let (_, event) = raw.next().await.unwrap();
        let ServerEvent::SystemDisconnect(said) = event else {
            panic!("{event:?}");
        };
        assert_eq!(said.message, why.message());
        assert!(raw.next().await.is_none(), "the socket ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_is_given_and_told() {
    let server = server();
    let reply = log_in(&server).await;
    let mut raw = Raw::open(&server, reply.token.as_deref()).await;
    raw.until(|it| matches!(it, ServerEvent::SystemInit(_)))
        .await;
    raw.send(ClientEvent::ControlRequest).await;
    let seen = raw
        .until(|it| matches!(it, ServerEvent::ControlHost(_)))
        .await;
    let Some(ServerEvent::ControlHost(host)) = seen.last() else {
        unreachable!();
    };
    assert!(host.has_host);
    assert_eq!(host.host_id.as_deref(), Some(reply.id.as_str()));
    assert_eq!(host.id, reply.id);
    raw.send(ClientEvent::ControlRelease).await;
    let seen = raw
        .until(|it| matches!(it, ServerEvent::ControlHost(_)))
        .await;
    let Some(ServerEvent::ControlHost(host)) = seen.last() else {
        unreachable!();
    };
    assert!(!host.has_host && host.host_id.is_none());
    raw.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_socket_gets_init_before_the_old_one_is_told() {
    let server = server();
    let reply = log_in(&server).await;
    let mut old = Raw::open(&server, reply.token.as_deref()).await;
    old.until(|it| matches!(it, ServerEvent::SystemInit(_)))
        .await;
    let mut new = Raw::open(&server, reply.token.as_deref()).await;
    new.until(|it| matches!(it, ServerEvent::SystemInit(_)))
        .await;
    let seen = old
        .until(|it| matches!(it, ServerEvent::SystemDisconnect(_)))
        .await;
    let Some(ServerEvent::SystemDisconnect(said)) = seen.last() else {
        unreachable!();
    };
    assert_eq!(said.message, Disconnect::Replaced.message());
    assert!(old.next().await.is_none());
    new.send(ClientEvent::ControlRequest).await;
    new.until(|it| matches!(it, ServerEvent::ControlHost(_)))
        .await;
    new.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_replaced_does_not_fight_back() {
    let server = server();
    let mut it = Watched::start(server.endpoint(), Options::default());
    let news = it
        .until("a login", |it| matches!(it, News::LoggedIn { .. }))
        .await;
    let News::LoggedIn { token } = news else {
        unreachable!();
    };
    it.until("the picture", |it| *it == News::Live).await;
    let other = Raw::open(&server, Some(token.expose())).await;
    let news = it
        .until("a failure", |it| matches!(it, News::Failed(..)))
        .await;
    assert_eq!(news, News::Failed(Leg::Signalling, Failure::Replaced));
    it.until("the end", |it| *it == News::Closed).await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_video_state_is_told_after_every_change() {
    let server = server();
    let reply = log_in(&server).await;
    let mut raw = Raw::open(&server, reply.token.as_deref()).await;
    raw.until(|it| matches!(it, ServerEvent::SystemInit(_)))
        .await;
    raw.send(ClientEvent::SignalRequest(Request::default()))
        .await;
    raw.until(|it| matches!(it, ServerEvent::SignalProvide(_)))
        .await;
    raw.until(|it| matches!(it, ServerEvent::SignalVideo(it) if !it.disabled))
        .await;
    for disabled in [true, false] {
        raw.send(ClientEvent::SignalVideo(VideoRequest {
            disabled: Some(disabled),
            ..VideoRequest::default()
        }))
        .await;
        raw.until(|it| matches!(it, ServerEvent::SignalVideo(it) if it.disabled == disabled))
            .await;
    }
    raw.close().await;
}
