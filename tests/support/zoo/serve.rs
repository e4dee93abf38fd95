//! One listener for HTTP/1.1, and HTTP/2 where TLS has settled on it.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{Request, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Outcome;

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Over TLS.
    pub(super) secure: bool,
    /// By which of all connections, counted.
    pub(super) connection: u64,
    /// At which of this machine's addresses it came in.
    pub(super) reached: Option<IpAddr>,
}

/// As much as a client may send before it is read, in bytes.
const WINDOW: u32 = 1 << 20;

/// Serves until it is aborted.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let mut connection = 0;
    while let Ok((stream, _)) = listener.accept().await {
        connection += 1;
        let way = Way {
            secure: tls.is_some(),
            connection,
            reached: stream.local_addr().ok().map(|at| at.ip().to_canonical()),
        };
        let router = router.clone().layer(Extension(way));
        let tls = tls.clone();
        // A connection that breaks is its page's to notice.
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match tls {
                None => first(stream, router).await,
                Some(tls) => {
                    let stream = tls.accept(stream).await?;
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        second(stream, router).await
                    } else {
                        first(stream, router).await
                    }
                }
            }
        });
    }
}

/// HTTP/1.1.
async fn first(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
) -> Outcome<()> {
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades()
        .await?;
    Ok(())
}

/// HTTP/2.
async fn second(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
) -> Outcome<()> {
    let mut connection = h2::server::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .handshake::<_, Bytes>(stream)
        .await?;
    let service = TowerToHyperService::new(router);
    while let Some(asked) = connection.accept().await {
        let (request, respond) = asked?;
        let answered = service.call(request.map(body_of));
        tokio::spawn(async move {
            let Ok(response) = answered.await;
            // A client that is gone needs no answer.
            let _ = respond_with(respond, response).await;
        });
    }
    Ok(())
}

fn body_of(body: RecvStream) -> Body {
    Body::from_stream(stream::unfold(body, |mut body| async move {
        let chunk = body.data().await?;
        if let Ok(chunk) = &chunk {
            let _ = body.flow_control().release_capacity(chunk.len());
        }
        Some((chunk, body))
    }))
}

async fn respond_with(mut respond: SendResponse<Bytes>, response: Response<Body>) -> Outcome<()> {
    let (head, body) = response.into_parts();
    let mut sending = respond.send_response(Response::from_parts(head, ()), false)?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => send(&mut sending, chunk).await?,
            Err(error) => {
                sending.send_reset(h2::Reason::INTERNAL_ERROR);
                return Err(error.into());
            }
        }
    }
    Ok(sending.send_data(Bytes::new(), true)?)
}

/// As fast as the other end reads.
async fn send(sending: &mut SendStream<Bytes>, mut chunk: Bytes) -> Outcome<()> {
    while !chunk.is_empty() {
        sending.reserve_capacity(chunk.len());
        let room = std::future::poll_fn(|context| sending.poll_capacity(context)).await;
        let room = room.ok_or("the stream is closed")??;
        let part = chunk.split_to(room.min(chunk.len()));
        sending.send_data(part, false)?;
    }
    Ok(())
}

/// A request's own way.
pub(super) fn way<T>(request: &Request<T>) -> Way {
    request.extensions().get().copied().unwrap_or(Way {
        secure: false,
        connection: 0,
        reached: None,
    })
}
