//! Names: what may be behind them, and that they are looked up once.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use duotab_backend::proxy::{Exit, NameServers, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use crate::kit::{Client, Site, by_hand};

pub(crate) const A: u16 = 1;
pub(crate) const AAAA: u16 = 28;
const NX_DOMAIN: u8 = 3;

/// What the name server says to each question: addresses, of which those of the asked family are
/// given, or that there is no such name. It is asked for A and for AAAA, in any order.
pub(crate) type Book = dyn Fn(&str, usize) -> Option<Vec<&'static str>> + Send + Sync;

/// A name server, and how often it was asked for the A records of each name.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(book: Box<Book>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let (name, kind, question) = question(&packet[..length]);
                let times = {
                    let mut asked = heard.lock().unwrap();
                    if kind == A {
                        asked.push(name.clone());
                    }
                    asked.iter().filter(|it| **it == name).count()
                };
                let answer = answer(&packet, &question, kind, book(&name, times));
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, asked }
    }

    fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|it| *it == name).count()
    }
}

/// Name, type, and the question's bytes (RFC 1035, 4.1.2).
pub(crate) fn question(packet: &[u8]) -> (String, u16, Vec<u8>) {
    let (mut at, mut labels) = (12, Vec::new());
    while packet[at] != 0 {
        let end = at + 1 + usize::from(packet[at]);
        labels.push(String::from_utf8(packet[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    let kind = u16::from_be_bytes([packet[at + 1], packet[at + 2]]);
    let name = labels.join(".").to_lowercase();
    (name, kind, packet[12..at + 5].to_vec())
}

pub(crate) fn answer(
    packet: &[u8],
    question: &[u8],
    kind: u16,
    known: Option<Vec<&'static str>>,
) -> Vec<u8> {
    let code = if known.is_some() { 0 } else { NX_DOMAIN };
    let records: Vec<Vec<u8>> = known
        .unwrap_or_default()
        .into_iter()
        .filter_map(|text| match (text.parse().unwrap(), kind) {
            (IpAddr::V4(v4), A) => Some(v4.octets().to_vec()),
            (IpAddr::V6(v6), AAAA) => Some(v6.octets().to_vec()),
            _ => None,
        })
        .collect();
    let count = u8::try_from(records.len()).unwrap();
    let mut answer = vec![
        packet[0],
        packet[1],
        0x81,
        0x80 | code,
        0,
        1,
        0,
        count,
        0,
        0,
        0,
        0,
    ];
    answer.extend(question);
    for data in records {
        // The name of the question, this type, class IN, to be kept for no time at all.
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 0]);
        answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        answer.extend(data);
    }
    answer
}

/// A SOCKS5 proxy that keeps what it is asked for, and then is the site itself.
pub(crate) async fn exit() -> (Exit, Arc<Mutex<Vec<IpAddr>>>) {
    exit_that(|_| 0, |_| true).await
}

/// What a SOCKS5 proxy says when it was asked for an address (RFC 1928, 6).
pub(crate) type Reply = fn(IpAddr) -> u8;

/// The same, where it says `reply`, and is the site if it says that it is connected and
/// `reaches` it.
pub(crate) async fn exit_that(
    reply: Reply,
    reaches: fn(IpAddr) -> bool,
) -> (Exit, Arc<Mutex<Vec<IpAddr>>>) {
    let reached = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&reached);
    let address = by_hand(move |mut wire| {
        let kept = Arc::clone(&kept);
        async move {
            wire.take(3).await;
            wire.stream.write_all(&[5, 0]).await.unwrap();
            let head = wire.take(4).await;
            let address: IpAddr = if head[3] == 1 {
                let bytes: [u8; 4] = wire.take(4).await.try_into().unwrap();
                bytes.into()
            } else {
                let bytes: [u8; 16] = wire.take(16).await.try_into().unwrap();
                bytes.into()
            };
            kept.lock().unwrap().push(address);
            wire.take(2).await;
            let done = [5, reply(address), 0, 1, 0, 0, 0, 0, 0, 0];
            wire.stream.write_all(&done).await.unwrap();
            if done[1] != 0 || !reaches(address) {
                return;
            }
            wire.head().await;
            wire.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    })
    .await;
    let exit = Target::new("127.0.0.1", address.port()).unwrap();
    (Exit::Socks5(exit, None), reached)
}

async fn room(book: Box<Book>) -> (Proxy, Client, Server, Arc<Mutex<Vec<IpAddr>>>) {
    let server = Server::start(book).await;
    let (exit, reached) = exit().await;
    let proxy = Proxy::bind(ProxyConfig {
        exit,
        names: NameServers::Plain(vec![server.address]),
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    (proxy, client, server, reached)
}

#[tokio::test]
async fn a_public_name_is_looked_up_once_and_its_address_is_connected_to() {
    let (_proxy, client, server, reached) =
        room(Box::new(|_, _| Some(vec!["93.184.216.34"]))).await;
    let (status, body) = client.get("http://good.example/").await;
    assert_eq!((status, body.as_str()), (200, "ok"));
    assert_eq!(server.asked("good.example"), 1);
    let address: IpAddr = "93.184.216.34".parse().unwrap();
    assert_eq!(*reached.lock().unwrap(), [address]);
}

#[tokio::test]
async fn a_name_that_is_bound_to_a_private_address_is_refused() {
    let private = [
        ("loop.example", "127.0.0.1"),
        ("home.example", "192.168.1.1"),
        ("cloud.example", "169.254.169.254"),
        ("carrier.example", "100.64.0.1"),
        ("six.example", "::1"),
        ("local6.example", "fd00::1"),
        ("mapped.example", "::ffff:127.0.0.1"),
        ("nat.example", "64:ff9b::a00:1"),
        ("tunnel.example", "2002:7f00:1::1"),
        ("zero.example", "0.0.0.0"),
    ];
    let (proxy, client, server, reached) = room(Box::new(move |name, _| {
        let found = private.iter().find(|(known, _)| *known == name)?;
        Some(vec![found.1])
    }))
    .await;
    for (name, address) in private {
        let url = format!("http://{name}/");
        // Typing it makes no difference: the name is public.
        proxy.permit(&url);
        assert_eq!(client.get(&url).await.0, 403, "{name} is {address}");
        assert_eq!(proxy.failure(&url), Some(Failure::PrivateName));
        let tunnel = client.tunnel(&format!("{name}:443")).await;
        assert!(tunnel.is_err_and(|it| it.starts_with("HTTP/1.1 403 ")));
        assert!(server.asked(name) >= 1);
    }
    assert!(reached.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_the_person_says_is_their_own_leads_home_and_no_further() {
    let site = Site::start(Router::new().fallback(async || "mine")).await;
    let (proxy, client, ..) = room(Box::new(|name, _| {
        Some(vec![match name {
            "cloud.example" => "169.254.169.254",
            "zero.example" => "0.0.0.0",
            _ => "127.0.0.1",
        }])
    }))
    .await;
    let url = |name: &str| format!("http://{name}.example:{}/", site.address.port());
    assert_eq!(client.get(&url("mine")).await.0, 403);
    let own = ["mine", "cloud", "zero"].map(|name| format!("{name}.example"));
    proxy.lead_home(own.to_vec());
    assert_eq!(client.get(&url("mine")).await, (200, "mine".to_owned()));
    for other in ["other", "below.mine", "cloud", "zero"] {
        assert_eq!(client.get(&url(other)).await.0, 403, "{other}");
    }
    let port = proxy.access().port;
    let door = format!("http://mine.example:{port}/");
    assert_eq!(client.get(&door).await.0, 403);
    assert_eq!(proxy.failure(&door), Some(Failure::PrivateName));
    proxy.lead_home(Vec::new());
    assert_eq!(client.get(&url("mine")).await.0, 403);
}

#[tokio::test]
async fn a_name_that_is_bound_anew_does_not_get_in() {
    let (proxy, client, _server, reached) = room(Box::new(|_, times| {
        Some(vec![if times <= 1 {
            "93.184.216.34"
        } else {
            "127.0.0.1"
        }])
    }))
    .await;
    let url = "http://rebind.example/";
    assert_eq!(client.get(url).await.0, 200, "first it is public");
    assert_eq!(client.get(url).await.0, 403, "then it is not");
    assert_eq!(proxy.failure(url), Some(Failure::PrivateName));
    assert_eq!(reached.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn of_a_name_with_both_only_the_public_addresses_are_used() {
    let (_proxy, client, _server, reached) = room(Box::new(|_, _| {
        Some(vec!["10.0.0.1", "93.184.216.34", "127.0.0.1"])
    }))
    .await;
    assert_eq!(client.get("http://both.example/").await.0, 200);
    let address: IpAddr = "93.184.216.34".parse().unwrap();
    assert_eq!(*reached.lock().unwrap(), [address]);
}

#[tokio::test]
async fn a_name_that_is_not_there_is_told_from_a_server_that_is_silent() {
    let (proxy, client, ..) = room(Box::new(|_, _| None)).await;
    let url = "http://none.example/";
    assert_eq!(client.get(url).await.0, 502);
    assert_eq!(proxy.failure(url), Some(Failure::NameUnknown));

    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let limits = duotab_backend::proxy::Limits {
        name: std::time::Duration::from_millis(300),
        ..Default::default()
    };
    let proxy = Proxy::bind(ProxyConfig {
        names: NameServers::Plain(vec![silent.local_addr().unwrap()]),
        limits,
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    assert_eq!(client.get(url).await.0, 502);
    assert_eq!(proxy.failure(url), Some(Failure::NameServerSilent));
}

#[tokio::test]
async fn the_names_of_this_machine_never_leave_it() {
    let (proxy, client, server, reached) = room(Box::new(|_, _| Some(vec!["93.184.216.34"]))).await;
    let here = by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
            .await;
        let mut rest = Vec::new();
        let _ = wire.stream.read_to_end(&mut rest).await;
    })
    .await;
    for name in ["localhost", "app.localhost"] {
        let url = format!("http://{name}:{}/", here.port());
        assert_eq!(client.get(&url).await.0, 403, "before it is typed");
        proxy.permit(&url);
        assert_eq!(client.get(&url).await, (200, "here".to_owned()));
        assert_eq!(server.asked(name), 0);
    }
    assert!(reached.lock().unwrap().is_empty(), "not by the exit either");
}
