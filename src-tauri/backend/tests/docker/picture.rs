//! The picture of a container's browser, through the ports that the engine has published.

use std::time::Instant;

use duotab_backend::neko::{self, News, Options};
use duotab_core::message::SessionId;
use tokio::sync::mpsc;

use crate::home::{Home, within};

async fn first_frame(news: &mut mpsc::Receiver<News>) {
    let frame = async {
        loop {
            match news.recv().await.expect("the client lives") {
                News::Frame(_) => return,
                News::Failed(leg, detail) => panic!("{leg:?}: {detail}"),
                _ => {}
            }
        }
    };
    within("a frame", frame).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_comes_and_comes_again_after_a_sleep() {
    let Some(home) = Home::new("picture-sleep") else {
        return;
    };
    // The image is there: it is no part of the time.
    home.start(1).await.unwrap();
    home.docker.stop(SessionId(1)).await.unwrap();

    let began = Instant::now();
    let endpoint = home.start(2).await.unwrap();
    let serves = began.elapsed();
    let (neko, mut news) = neko::start(endpoint, Options::default());
    first_frame(&mut news).await;
    eprintln!(
        "serves after {serves:?}, first frame after {:?}",
        began.elapsed()
    );
    neko.close().await;
    drop(news);

    home.docker.suspend(SessionId(2)).await.unwrap();
    let began = Instant::now();
    let endpoint = home.docker.resume(SessionId(2)).await.unwrap();
    eprintln!("awake after {:?}", began.elapsed());
    let (neko, mut news) = neko::start(endpoint, Options::default());
    first_frame(&mut news).await;
    eprintln!(
        "after a sleep the first frame comes after {:?}",
        began.elapsed()
    );
    neko.close().await;
}
