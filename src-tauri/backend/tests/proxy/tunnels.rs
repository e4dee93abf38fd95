//! TLS and HTTP/2 through a tunnel, WebSockets, and ends that close one after the other.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message;
use axum::routing::get;
use bytes::Bytes;
use duotab_backend::proxy::{Limits, Proxy, ProxyConfig};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::kit::{Client, by_hand, room, room_by_hand, within};

/// Both ends' settings, with a certificate for `site.test` of an authority of their own.
fn tls(protocols: &[&[u8]]) -> (TlsAcceptor, TlsConnector) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["site.test".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let protocols: Vec<Vec<u8>> = protocols.iter().map(|it| it.to_vec()).collect();

    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    server.alpn_protocols.clone_from(&protocols);
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = protocols;
    (
        TlsAcceptor::from(Arc::new(server)),
        TlsConnector::from(Arc::new(client)),
    )
}

fn name() -> ServerName<'static> {
    ServerName::try_from("site.test").unwrap()
}

#[tokio::test]
async fn tls_is_between_page_and_site_alone() {
    let (acceptor, connector) = tls(&[]);
    let (_proxy, client, address) = room_by_hand(move |wire| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(wire.stream).await.unwrap();
            let mut asked = [0; 4];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&asked).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await;
    let tunnel = client.tunnel(&address.to_string()).await.unwrap();
    let mut stream = within("TLS", connector.connect(name(), tunnel))
        .await
        .unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut answer = Vec::new();
    within("the answer", stream.read_to_end(&mut answer))
        .await
        .unwrap();
    assert_eq!(answer, b"ping");
}

#[tokio::test]
async fn http_2_goes_through_a_tunnel() {
    let (acceptor, connector) = tls(&[b"h2"]);
    let (_proxy, client, address) = room_by_hand(move |wire| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(wire.stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let path = request.uri().path().to_owned();
                let response = hyper::Response::new(());
                let mut body = respond.send_response(response, false).unwrap();
                body.send_data(Bytes::from(path), true).unwrap();
            }
        }
    })
    .await;
    let tunnel = client.tunnel(&address.to_string()).await.unwrap();
    let stream = within("TLS", connector.connect(name(), tunnel))
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for count in 0..20 {
        let uri = format!("https://site.test/{count}");
        let request = hyper::Request::get(uri).body(()).unwrap();
        answers.push(sender.send_request(request, true).unwrap().0);
        sender = sender.ready().await.unwrap();
    }
    for (count, answer) in answers.into_iter().enumerate() {
        let mut body = within("an answer", answer).await.unwrap().into_body();
        let data = within("its body", body.data()).await.unwrap().unwrap();
        assert_eq!(data, format!("/{count}"));
    }
}

fn sockets() -> Router {
    Router::new()
        .route(
            "/ws",
            get(|upgrade: WebSocketUpgrade| async {
                upgrade
                    .protocols(["chat"])
                    .on_upgrade(|mut socket| async move {
                        while let Some(Ok(Message::Text(text))) = socket.recv().await {
                            let echo = Message::text(format!("echo {text}"));
                            if socket.send(echo).await.is_err() {
                                return;
                            }
                        }
                    })
            }),
        )
        .route("/plain", get(|| async { "no socket" }))
}

#[tokio::test]
async fn a_websocket_in_the_clear_is_a_request_that_becomes_a_tunnel() {
    let (_proxy, client, site) = room(sockets()).await;
    let head = format!(
        "GET ws://{0}/ws HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat",
        site.address
    );
    let (wire, answer) = client.ask(&head).await;
    let lower = answer.to_lowercase();
    assert!(lower.starts_with("http/1.1 101 "), "{answer}");
    assert!(lower.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    assert!(lower.contains("sec-websocket-protocol: chat"), "{answer}");
    let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
    let mut socket =
        tokio_tungstenite::WebSocketStream::from_raw_socket(wire.stream, role, None).await;
    for text in ["one", "two"] {
        socket.send(text.into()).await.unwrap();
        let echo = within("the echo", socket.next()).await.unwrap().unwrap();
        assert_eq!(echo.into_text().unwrap(), format!("echo {text}"));
    }
}

#[tokio::test]
async fn a_site_without_websockets_answers_as_it_likes() {
    let (_proxy, client, site) = room(sockets()).await;
    let head = format!(
        "GET ws://{0}/plain HTTP/1.1\r\nHost: {0}\r\nUpgrade: websocket\r\nConnection: Upgrade",
        site.address
    );
    let (mut wire, answer) = client.ask(&head).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(wire.take(9).await, b"no socket");
}

#[tokio::test]
async fn no_other_protocol_is_upgraded_to() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        let head = wire.head().await.to_lowercase();
        assert!(
            !head.contains("upgrade") && !head.contains("http2-settings"),
            "{head}"
        );
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
    })
    .await;
    let (_, answer) = client
        .ask(&format!(
            "GET http://{address}/ HTTP/1.1\r\nHost: {address}\r\nUpgrade: h2c\r\n\
             Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn an_end_that_closes_lets_the_other_finish() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        // Answers only when the asking is over.
        let asked = wire.rest().await;
        wire.send(&format!("heard {asked}")).await;
    })
    .await;
    let mut tunnel = client.tunnel(&address.to_string()).await.unwrap();
    tunnel.write_all(b"all").await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut answer = String::new();
    within("the answer", tunnel.read_to_string(&mut answer))
        .await
        .unwrap();
    assert_eq!(answer, "heard all");
}

#[tokio::test]
async fn half_a_tunnel_that_rests_is_given_up() {
    let limits = Limits {
        half_closed: Duration::from_millis(200),
        ..Limits::default()
    };
    let proxy = Proxy::bind(ProxyConfig {
        limits,
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    let address = by_hand(|mut wire| async move {
        wire.rest().await;
        // Never closes by itself.
        std::future::pending::<()>().await;
    })
    .await;
    proxy.permit(&format!("http://{address}/"));
    let mut tunnel = client.tunnel(&address.to_string()).await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut rest = Vec::new();
    within("the end", tunnel.read_to_end(&mut rest))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_thousand_tunnels_at_once_all_work() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&format!("http://{address}/"));
    let client = Client::of(&proxy).await;
    let mut tunnels: Vec<TcpStream> = Vec::new();
    for _ in 0..1000 {
        tunnels.push(client.tunnel(&address.to_string()).await.unwrap());
    }
    for (count, tunnel) in tunnels.iter_mut().enumerate() {
        tunnel.write_all(&count.to_be_bytes()).await.unwrap();
    }
    for (count, tunnel) in tunnels.iter_mut().enumerate() {
        let mut echo = [0; 8];
        within("the echo", tunnel.read_exact(&mut echo))
            .await
            .unwrap();
        assert_eq!(echo, count.to_be_bytes());
    }
}
