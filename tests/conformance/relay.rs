//! A relay between client and server, in user space: it can cut the sockets and the media apart
//! from each other, and lose, double and delay packets by a seed.

use duotab_core::neko::event::{ClientEvent, ServerEvent};
use futures_util::{SinkExt, StreamExt};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{accept_hdr_async, client_async};
use url::Url;

/// What happens to packets from the server. Shares between 0 and 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) seed: u64,
    pub(crate) loss: f64,
    pub(crate) twice: f64,
    pub(crate) late: f64,
}

struct State {
    upstream: SocketAddr,
    sockets_cut: AtomicBool,
    media_cut: AtomicBool,
    drop_sockets: Notify,
    faults: Faults,
    dice: AtomicU64,
    media: tokio::sync::Mutex<HashMap<SocketAddr, Arc<Media>>>,
    tasks: Mutex<JoinSet<()>>,
}

/// The way to one address of the server: a socket for the clients, and one to the server for each
/// of them.
struct Media {
    server: SocketAddr,
    socket: Arc<UdpSocket>,
    flows: tokio::sync::Mutex<HashMap<SocketAddr, Arc<UdpSocket>>>,
}

/// The relay; dropping it ends it.
pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    _accepting: JoinSet<()>,
}

impl Relay {
    pub(crate) async fn start(base: &Url, faults: Faults) -> Self {
        let upstream = base.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream,
            sockets_cut: AtomicBool::new(false),
            media_cut: AtomicBool::new(false),
            drop_sockets: Notify::new(),
            faults,
            dice: AtomicU64::new(faults.seed | 1),
            media: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
        });
        let mut accepting = JoinSet::new();
        let shared = Arc::clone(&state);
        accepting.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if shared.sockets_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let state = Arc::clone(&shared);
                shared.tasks.lock().unwrap().spawn(async move {
                    let gone = state.drop_sockets.notified();
                    tokio::select! {
                        () = gone => {}
                        () = carry(&state, stream) => {}
                    }
                });
            }
        });
        Self {
            address,
            state,
            _accepting: accepting,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections and refuses new ones.
    pub(crate) fn cut_sockets(&self) {
        self.state.sockets_cut.store(true, Ordering::SeqCst);
        self.drop_sockets();
    }

    /// Ends all connections.
    pub(crate) fn drop_sockets(&self) {
        self.state.drop_sockets.notify_waiters();
    }

    pub(crate) fn mend_sockets(&self) {
        self.state.sockets_cut.store(false, Ordering::SeqCst);
    }

    pub(crate) fn cut_media(&self) {
        self.state.media_cut.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend_media(&self) {
        self.state.media_cut.store(false, Ordering::SeqCst);
    }
}

/// One connection: a WebSocket is read along, anything else is passed through.
async fn carry(state: &Arc<State>, client: TcpStream) {
    let mut head = [0; 512];
    let Ok(count) = client.peek(&mut head).await else {
        return;
    };
    let line = String::from_utf8_lossy(&head[..count]).into_owned();
    let Ok(mut server) = TcpStream::connect(state.upstream).await else {
        return;
    };
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    if !target.ends_with("/api/ws") {
        let mut client = client;
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        return;
    }
    let mut bearer = None;
    #[expect(clippy::result_large_err, reason = "the shape is the crate's")]
    let accepted = accept_hdr_async(client, |request: &Request, reply: Response| {
        bearer = request.headers().get("Authorization").cloned();
        Ok(reply)
    })
    .await;
    let Ok(client) = accepted else { return };
    let url = format!("ws://{}{target}", state.upstream);
    let mut request = url.into_client_request().unwrap();
    if let Some(bearer) = bearer {
        request.headers_mut().insert("Authorization", bearer);
    }
    let Ok((server, _)) = client_async(request, server).await else {
        return;
    };
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    loop {
        tokio::select! {
            message = from_client.next() => {
                let Some(Ok(message)) = message else { return };
                let Some(message) = state.around(message).await else { continue };
                let closes = message.is_close();
                if to_server.send(message).await.is_err() || closes {
                    return;
                }
            }
            message = from_server.next() => {
                let Some(Ok(message)) = message else { return };
                let message = state.detour(message).await;
                if to_client.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl State {
    /// Sends the client's media through here.
    async fn detour(self: &Arc<Self>, message: Message) -> Message {
        let Message::Text(text) = &message else {
            return message;
        };
        match ServerEvent::decode(text) {
            Ok(ServerEvent::SignalCandidate(mut it)) => {
                it.candidate = self.rewrite(&it.candidate).await;
                Message::text(ServerEvent::SignalCandidate(it).encode())
            }
            Ok(ServerEvent::SignalProvide(mut it)) => {
                let mut sdp = String::new();
                for line in it.sdp.split_inclusive("\r\n") {
                    match line.strip_prefix("a=candidate:") {
                        Some(rest) => {
                            sdp.push_str("a=candidate:");
                            sdp.push_str(&self.rewrite(rest).await);
                        }
                        None => sdp.push_str(line),
                    }
                }
                it.sdp = sdp;
                Message::text(ServerEvent::SignalProvide(it).encode())
            }
            _ => message,
        }
    }

    /// Puts our address in place of the server's: the fifth and sixth word.
    async fn rewrite(self: &Arc<Self>, candidate: &str) -> String {
        let mut words: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        let address = words.get(4).and_then(|it| it.parse::<IpAddr>().ok());
        let port = words.get(5).and_then(|it| it.parse::<u16>().ok());
        if let (Some(address), Some(port)) = (address, port)
            && address.is_ipv4()
            && words[2].eq_ignore_ascii_case("udp")
        {
            let ours = self.media(SocketAddr::new(address, port)).await;
            words[4] = ours.ip().to_string();
            words[5] = ours.port().to_string();
        }
        words.join(" ")
    }

    async fn media(self: &Arc<Self>, server: SocketAddr) -> SocketAddr {
        let mut all = self.media.lock().await;
        if let Some(known) = all.get(&server) {
            return known.socket.local_addr().unwrap();
        }
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        let address = socket.local_addr().unwrap();
        let media = Arc::new(Media {
            server,
            socket,
            flows: tokio::sync::Mutex::default(),
        });
        all.insert(server, Arc::clone(&media));
        let state = Arc::clone(self);
        self.spawn(async move {
            let mut data = vec![0; 65536];
            while let Ok((count, client)) = media.socket.recv_from(&mut data).await {
                if !state.media_cut.load(Ordering::SeqCst) {
                    let _ = state.flow(&media, client).await.send(&data[..count]).await;
                }
            }
        });
        address
    }

    /// The socket to the server for one of the client's addresses.
    async fn flow(self: &Arc<Self>, media: &Arc<Media>, client: SocketAddr) -> Arc<UdpSocket> {
        let mut flows = media.flows.lock().await;
        if let Some(known) = flows.get(&client) {
            return Arc::clone(known);
        }
        let any = if media.server.ip().is_loopback() {
            Ipv4Addr::LOCALHOST
        } else {
            Ipv4Addr::UNSPECIFIED
        };
        let flow = Arc::new(UdpSocket::bind((any, 0)).await.unwrap());
        flow.connect(media.server).await.unwrap();
        flows.insert(client, Arc::clone(&flow));
        self.spawn(returns(
            Arc::clone(self),
            Arc::clone(&flow),
            Arc::clone(&media.socket),
            client,
        ));
        flow
    }

    /// A candidate of the client, as the server may see it: our address in place of the
    /// client's. `None` if there is no way from the server to it.
    async fn disguise(self: &Arc<Self>, candidate: &str) -> Option<String> {
        let mut words: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        let client = SocketAddr::new(words.get(4)?.parse().ok()?, words.get(5)?.parse().ok()?);
        let media = self.media.lock().await.values().next().cloned()?;
        if !client.ip().is_loopback() {
            return None;
        }
        let ours = self.flow(&media, client).await.local_addr().unwrap();
        words[4] = ours.ip().to_string();
        words[5] = ours.port().to_string();
        Some(words.join(" "))
    }

    /// The server is not to find a way around the relay.
    async fn around(self: &Arc<Self>, message: Message) -> Option<Message> {
        let Message::Text(text) = &message else {
            return Some(message);
        };
        match ClientEvent::decode(text) {
            Ok(ClientEvent::SignalCandidate(mut it)) => {
                it.candidate = self.disguise(&it.candidate).await?;
                Some(Message::text(ClientEvent::SignalCandidate(it).encode()))
            }
            Ok(ClientEvent::SignalAnswer(mut answer)) => {
                let mut sdp = String::new();
                for line in answer.sdp.split_inclusive("\r\n") {
                    match line.strip_prefix("a=candidate:") {
                        Some(rest) => {
                            if let Some(rest) = self.disguise(rest).await {
                                sdp.push_str("a=candidate:");
                                sdp.push_str(&rest);
                            }
                        }
                        None => sdp.push_str(line),
                    }
                }
                answer.sdp = sdp;
                Some(Message::text(ClientEvent::SignalAnswer(answer).encode()))
            }
            _ => Some(message),
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap().spawn(task);
    }

    /// A number between 0 and 1 (xorshift).
    fn roll(&self) -> f64 {
        let mut it = self.dice.load(Ordering::Relaxed);
        it ^= it << 13;
        it ^= it >> 7;
        it ^= it << 17;
        self.dice.store(it, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a die")]
        let share = (it >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }
}

/// Packets from the server to one client, with their faults. Only media suffer: a first byte
/// from 128 to 191 is RTP or RTCP (RFC 7983).
async fn returns(state: Arc<State>, from: Arc<UdpSocket>, to: Arc<UdpSocket>, client: SocketAddr) {
    let mut data = vec![0; 65536];
    let mut delayed = JoinSet::new();
    loop {
        let count = match from.recv(&mut data).await {
            Ok(count) => count,
            // The server is away; it may come back at the same port.
            Err(_) => continue,
        };
        if state.media_cut.load(Ordering::SeqCst) {
            continue;
        }
        let packet = &data[..count];
        if !(128..192).contains(&packet.first().copied().unwrap_or_default()) {
            let _ = to.send_to(packet, client).await;
            continue;
        }
        if state.roll() < state.faults.loss {
            continue;
        }
        if state.roll() < state.faults.late {
            let (packet, to) = (packet.to_vec(), Arc::clone(&to));
            delayed.spawn(async move {
                tokio::time::sleep(Duration::from_millis(6)).await;
                let _ = to.send_to(&packet, client).await;
            });
            continue;
        }
        let _ = to.send_to(packet, client).await;
        if state.roll() < state.faults.twice {
            let _ = to.send_to(packet, client).await;
        }
    }
}
