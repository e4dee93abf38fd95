//! Sites that cannot prove who they are.

use duotab_test_support::{App, Display, Outcome, World, Zoo, world, zoo};
use serde_json::json;

use crate::room::{RED, fills, start};
use crate::zoo::visitor::{Visitor, Window};

#[tokio::test]
async fn a_site_that_cannot_prove_who_it_is_is_opened_only_if_the_person_insists() -> Outcome<()> {
    let tls = tls::start("127.0.0.1").await?;
    let display = Display::start(1000, 700).await?;
    let app = App::new()?;
    let address = format!("https://localhost:{tls}/");
    let shell = app.open(&start(&display).argument(address)).await?;
    let said = shell
        .until("document.querySelector('[data-testid=problem]')?.innerText")
        .await?;
    let said = said.as_str().unwrap_or_default().to_owned();
    for words in [
        "cannot prove who it is",
        "another name",
        "Nobody whom this machine trusts",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    shell.find("[data-testid=problem-action-streamed]").await?;
    // The person knows better. Another site of the same kind is asked about by itself.
    shell.click("[data-testid=problem-action-anyway]").await?;
    shell
        .until_shown(&display, "the page of the site", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    shell
        .until("document.querySelector('[data-testid=security]').dataset.security === 'unproven'")
        .await?;
    let other = format!("https://127.0.0.1:{tls}/");
    let opened = json!({ "input": other, "mode": "proxy", "background": false });
    shell
        .invoke("open_tab", opened)
        .await?
        .map_err(|it| it.to_string())?;
    shell
        .until("document.querySelector('[data-testid=problem-action-anyway]')")
        .await?;
    shell.close().await
}

#[tokio::test]
async fn a_site_that_wants_never_to_be_opened_without_proof_is_not() -> Outcome<()> {
    let world = World::new(&zoo::NAMES)?;
    world.play("unproven::a_strict_site").await
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn a_strict_site() -> Outcome<()> {
    let tls = tls::start(world::PUBLIC).await?;
    let zoo = Zoo::with(axum::Router::new()).await?;
    let window = Window::open().await?;
    let shell = window.shell();
    let says = "https://strict.test/answer?h=Strict-Transport-Security:max-age%3D600\
        &h=Content-Type:text/html&body=%3Ctitle%3Esaid%3C/title%3E";
    window.visit(&zoo, says).await?;
    shell
        .until("document.querySelector('[data-testid=tab]').innerText.includes('said')")
        .await?;
    for (host, may) in [("zoo.test", true), ("strict.test", false)] {
        let bad = format!("https://{host}:{tls}/");
        window.visit(&zoo, &bad).await?;
        shell
            .until(&format!(
                "document.querySelector('[data-testid=problem] h1')?.innerText.includes('{host}')"
            ))
            .await?;
        let offers = "document.querySelector('[data-testid=problem-action-anyway]') !== null";
        assert_eq!(shell.value(offers).await?, json!(may), "{host}");
    }
    window.close().await
}

/// A site with a certificate for another name, which it has issued itself.
mod tls {
    use std::sync::Arc;

    use duotab_test_support::Outcome;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;

    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
        <body style='margin: 0; background: #cc1122'>";

    /// Gives its port.
    pub(super) async fn start(address: &str) -> Outcome<u16> {
        let made = rcgen::generate_simple_self_signed(vec!["other.test".to_owned()])?;
        let key = made.signing_key.serialize_der();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.try_into()?)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind((address, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let accepting = acceptor.accept(stream);
                tokio::spawn(async move {
                    let mut stream = accepting.await?;
                    let mut asked = [0; 4096];
                    if stream.read(&mut asked).await? > 0 {
                        stream.write_all(PAGE).await?;
                    }
                    stream.shutdown().await
                });
            }
        });
        Ok(port)
    }
}
