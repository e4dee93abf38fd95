//! Names over TLS and over HTTPS, with a name server and an authority of the test's own.
//!
//! Whom a resolver trusts is settled once in a process, by its environment: so each of these is
//! played in a process of its own.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use duotab_backend::proxy::{Limits, NameServers, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::kit::{Client, within};
use crate::names::{answer, exit, question};

const PUBLIC: &str = "93.184.216.34";
/// Where the process that plays finds whom to trust.
const TRUSTED: &str = "SSL_CERT_FILE";

/// Plays a test of this file in a process of its own.
fn play(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("encrypted::{test}"), "--ignored"])
        .env(TRUSTED, folder.path().join("authority.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A server's settings with a certificate for this address, of an authority that this process is
/// to trust.
fn trusted(protocol: &[u8], names: &[&str]) -> TlsAcceptor {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    std::fs::write(std::env::var_os(TRUSTED).unwrap(), root.pem()).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = rcgen::CertificateParams::new(names).unwrap();
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    settings.alpn_protocols = vec![protocol.to_vec()];
    TlsAcceptor::from(Arc::new(settings))
}

/// How often each name was asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// Knows that `good.example` is public, and that `bad.example` is not.
fn reply(packet: &[u8], asked: &Asked) -> Vec<u8> {
    let (name, kind, question) = question(packet);
    let known = match name.as_str() {
        "good.example" => Some(vec![PUBLIC]),
        "bad.example" => Some(vec!["192.168.1.1"]),
        _ => None,
    };
    if kind == 1 {
        asked.lock().unwrap().push(name);
    }
    answer(packet, &question, kind, known)
}

async fn serve_tls(mut stream: TlsStream<TcpStream>, asked: Asked) {
    while let Ok(length) = stream.read_u16().await {
        let mut packet = vec![0; usize::from(length)];
        stream.read_exact(&mut packet).await.unwrap();
        let answer = reply(&packet, &asked);
        let length = u16::try_from(answer.len()).unwrap();
        stream.write_u16(length).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        stream.flush().await.unwrap();
    }
}

async fn serve_https(stream: TlsStream<TcpStream>, asked: Asked) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let asked = Arc::clone(&asked);
        tokio::spawn(async move {
            assert_eq!(request.uri().path(), "/names");
            assert_eq!(request.headers()["content-type"], "application/dns-message");
            let mut body = request.into_body();
            let mut packet = BytesMut::new();
            while let Some(data) = body.data().await {
                packet.extend(data.unwrap());
            }
            let answer = reply(&packet, &asked);
            let response = hyper::Response::builder()
                .header("content-type", "application/dns-message")
                .header("content-length", answer.len())
                .body(())
                .unwrap();
            let mut sent = respond.send_response(response, false).unwrap();
            sent.send_data(Bytes::from(answer), true).unwrap();
        });
    }
}

/// A name server: where it is, what it was asked, and how many connections were opened to it.
async fn server<F>(
    acceptor: TlsAcceptor,
    serve: impl Fn(TlsStream<TcpStream>, Asked) -> F + Send + 'static,
) -> (SocketAddr, Asked, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, met) = (Asked::default(), Arc::new(AtomicUsize::new(0)));
    let (heard, counted) = (Arc::clone(&asked), Arc::clone(&met));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&heard)));
            }
        }
    });
    (address, asked, met)
}

/// A proxy that asks this name server, and what its exit was given to connect to.
async fn room(names: NameServers) -> (Proxy, Client, Arc<Mutex<Vec<IpAddr>>>) {
    let (exit, reached) = exit().await;
    let proxy = Proxy::bind(ProxyConfig {
        exit,
        names,
        limits: Limits {
            name: std::time::Duration::from_secs(5),
            ..Limits::default()
        },
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    (proxy, client, reached)
}

/// One lookup is both checked and connected to; a name that leads home is refused.
async fn holds(names: NameServers, asked: &Asked, met: &AtomicUsize) {
    let (proxy, client, reached) = room(names).await;
    let got = within("the page", client.get("http://good.example/")).await;
    assert_eq!(got, (200, "ok".to_owned()));
    assert_eq!(*asked.lock().unwrap(), ["good.example"]);
    let public: IpAddr = PUBLIC.parse().unwrap();
    assert_eq!(*reached.lock().unwrap(), [public]);
    let url = "http://bad.example/";
    assert_eq!(client.get(url).await.0, 403);
    assert_eq!(proxy.failure(url), Some(Failure::PrivateName));
    let url = "http://none.example/";
    assert_eq!(client.get(url).await.0, 502);
    assert_eq!(proxy.failure(url), Some(Failure::NameUnknown));
    assert_eq!(reached.lock().unwrap().len(), 1);
    assert!(met.load(Ordering::Relaxed) >= 1);
}

fn at(address: SocketAddr) -> Target {
    Target::new(&address.ip().to_string(), address.port()).unwrap()
}

#[test]
fn names_are_looked_up_over_tls() {
    play("over_tls");
}

#[tokio::test]
#[ignore = "played by the test above"]
async fn over_tls() {
    let (address, asked, met) = server(trusted(b"dot", &["127.0.0.1"]), serve_tls).await;
    holds(NameServers::Tls(at(address)), &asked, &met).await;
}

#[test]
fn names_are_looked_up_over_https() {
    play("over_https");
}

#[tokio::test]
#[ignore = "played by the test above"]
async fn over_https() {
    let (address, asked, met) = server(trusted(b"h2", &["127.0.0.1"]), serve_https).await;
    let names = NameServers::Https(at(address), "/names".to_owned());
    holds(names, &asked, &met).await;
}

#[test]
fn a_name_server_that_cannot_prove_who_it_is_is_not_believed() {
    play("of_another_name");
}

#[tokio::test]
#[ignore = "played by the test above"]
async fn of_another_name() {
    let (address, asked, _) = server(trusted(b"dot", &["dns.example"]), serve_tls).await;
    let (proxy, client, reached) = room(NameServers::Tls(at(address))).await;
    let url = "http://good.example/";
    assert_eq!(client.get(url).await.0, 502);
    assert_eq!(proxy.failure(url), Some(Failure::NameServerSilent));
    assert!(asked.lock().unwrap().is_empty());
    assert!(reached.lock().unwrap().is_empty());
}
