//! A client that knows the secret, sites to reach, and name servers that lie.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use bytes::Bytes;
use duotab_backend::proxy::{Access, Proxy, ProxyConfig, authorize};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::PROXY_AUTHORIZATION;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The limit of a wait that should take a moment.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Waits for `future`, and says what was waited for when it does not come.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// A client of a proxy.
pub(crate) struct Client {
    access: Access,
    challenge: String,
    count: AtomicU32,
}

impl Client {
    /// Learns the challenge first.
    pub(crate) async fn of(proxy: &Proxy) -> Self {
        let access = proxy.access().clone();
        let mut wire = Wire::to(access.port).await;
        wire.send("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
            .await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("proxy-authenticate: "));
        Self {
            access,
            challenge: line.expect("a challenge").to_owned(),
            count: AtomicU32::new(0),
        }
    }

    /// The value of the header that shows the secret.
    pub(crate) fn proof(&self, method: &str) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        authorize(&self.access, &self.challenge, method, "/", "test", count)
    }

    /// A connection to the proxy.
    pub(crate) async fn wire(&self) -> Wire {
        Wire::to(self.access.port).await
    }

    /// A request on a connection of its own; `head` is all of it but the proof and the empty line.
    pub(crate) async fn ask(&self, head: &str) -> (Wire, String) {
        let mut wire = self.wire().await;
        self.ask_on(&mut wire, head).await;
        let head = wire.head().await;
        (wire, head)
    }

    /// The same, on a connection that is there.
    pub(crate) async fn ask_on(&self, wire: &mut Wire, head: &str) {
        let method = head.split(' ').next().unwrap();
        let proof = self.proof(method);
        wire.send(&format!("{head}\r\nProxy-Authorization: {proof}\r\n\r\n"))
            .await;
    }

    /// A request as a well-made client sends it.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Response<Incoming> {
        let proof = self.proof(request.method().as_str());
        request
            .headers_mut()
            .insert(PROXY_AUTHORIZATION, proof.parse().unwrap());
        let host = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", host.parse().unwrap());
        let stream = TcpStream::connect(("127.0.0.1", self.access.port))
            .await
            .unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        within("an answer", sender.send_request(request))
            .await
            .unwrap()
    }

    /// Gets an address: status and body.
    pub(crate) async fn get(&self, url: &str) -> (u16, String) {
        let request = Request::get(url).body(Full::default()).unwrap();
        let response = self.send(request).await;
        let status = response.status().as_u16();
        (status, text(response).await)
    }

    /// Opens a tunnel; the status line if it is not opened.
    pub(crate) async fn tunnel(&self, authority: &str) -> Result<TcpStream, String> {
        let head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}");
        let (wire, head) = self.ask(&head).await;
        if head.starts_with("HTTP/1.1 200 ") {
            assert!(wire.early.is_empty(), "nobody has spoken");
            return Ok(wire.stream);
        }
        Err(head)
    }
}

/// The whole body.
pub(crate) async fn text(response: Response<Incoming>) -> String {
    let body = within("the body", response.into_body().collect()).await;
    String::from_utf8(body.unwrap().to_bytes().to_vec()).unwrap()
}

/// A connection on which bytes are written by hand.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    early: Vec<u8>,
}

impl Wire {
    pub(crate) async fn to(port: u16) -> Self {
        Self {
            stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap(),
            early: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        within("sending", self.stream.write_all(text.as_bytes()))
            .await
            .unwrap();
    }

    /// The next head, with its empty line.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.early.windows(4).position(|it| it == b"\r\n\r\n") {
                let rest = self.early.split_off(at + 4);
                let head = std::mem::replace(&mut self.early, rest);
                return String::from_utf8(head).unwrap();
            }
            if !self.more().await {
                return String::from_utf8_lossy(&std::mem::take(&mut self.early)).into_owned();
            }
        }
    }

    /// So many bytes.
    pub(crate) async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.early.len() < length {
            assert!(self.more().await, "it ended after {:?}", self.early);
        }
        let rest = self.early.split_off(length);
        std::mem::replace(&mut self.early, rest)
    }

    /// All until the end.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.early)).into_owned()
    }

    /// Whether it ends without another word.
    pub(crate) async fn is_cut_off(&mut self) -> bool {
        self.rest().await.is_empty()
    }

    async fn more(&mut self) -> bool {
        let read = within("bytes", self.stream.read_buf(&mut self.early)).await;
        read.is_ok_and(|count| count > 0)
    }
}

/// A site of axum's, which counts its connections.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: tokio::task::AbortHandle,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub(crate) async fn start(router: Router) -> Self {
        Self::at("127.0.0.1:0", router).await
    }

    pub(crate) async fn at(address: &str, router: Router) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            connections,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// A site that speaks by hand: each connection is given to `serve`.
pub(crate) async fn by_hand<F>(serve: impl Fn(Wire) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    by_hand_on("127.0.0.1", serve).await
}

/// The same, on an address.
pub(crate) async fn by_hand_on<F>(
    host: &str,
    serve: impl Fn(Wire) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let early = Vec::new();
            tokio::spawn(serve(Wire { stream, early }));
        }
    });
    address
}

/// A proxy, a client of it, and a site that the person has typed the address of.
pub(crate) async fn room(router: Router) -> (Proxy, Client, Site) {
    let site = Site::start(router).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&site.url("/"));
    let client = Client::of(&proxy).await;
    (proxy, client, site)
}

/// The same with a site that speaks by hand.
pub(crate) async fn room_by_hand<F>(
    serve: impl Fn(Wire) -> F + Send + 'static,
) -> (Proxy, Client, SocketAddr)
where
    F: Future<Output = ()> + Send + 'static,
{
    let address = by_hand(serve).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&format!("http://{address}/"));
    let client = Client::of(&proxy).await;
    (proxy, client, address)
}
