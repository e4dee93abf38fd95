//! The picture, straight and by way of a relay.

use std::time::Instant;

use duotab_backend::neko::News;
use duotab_core::message::Leg;

use crate::home::{Client, Home};

#[tokio::test(flavor = "multi_thread")]
async fn where_datagrams_are_lost_the_engine_s_connection_carries_them() {
    let Some(home) = Home::new("far-relay") else {
        return;
    };
    let _lost = home.far.drop_datagrams();
    let endpoint = home.start(1).await.unwrap();
    let began = Instant::now();
    let mut client = Client::start(endpoint);
    client.relay().await;
    client.frame().await;
    eprintln!("relayed after {:?}", began.elapsed());
    client.neko.close().await;
    home.stop(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_whose_datagrams_are_lost_from_now_on_comes_back_by_the_relay() {
    let Some(home) = Home::new("far-later") else {
        return;
    };
    let mut client = Client::start(home.start(1).await.unwrap());
    client.frame().await;
    assert!(!client.relayed);
    let _lost = home.far.drop_datagrams();
    let began = Instant::now();
    let lost = |news: &News| matches!(news, News::Lost(Leg::Media));
    client.until("the loss", lost).await;
    client.relay().await;
    client.frame().await;
    eprintln!("relayed after {:?}", began.elapsed());
    client.neko.close().await;
    home.stop(1).await;
}
