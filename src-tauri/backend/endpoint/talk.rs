//! HTTP/1.1 to a running engine, over the network or through its runtime's tunnel.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;
use url::Url;

use super::{Duplex, Endpoint, Secret};

impl Endpoint {
    /// A connection of its own to where [`Endpoint::base`] is served. It has no limit in time.
    ///
    /// # Errors
    /// What the runtime or the system said.
    pub async fn dial(&self) -> io::Result<Box<dyn Duplex>> {
        if let Some(tunnel) = &self.via {
            return tunnel.dial().await;
        }
        let no_address = || io::Error::from(io::ErrorKind::InvalidInput);
        if self.base.scheme() != "http" {
            return Err(no_address());
        }
        let host = self.base.host_str().ok_or_else(no_address)?;
        let port = self.base.port_or_known_default().ok_or_else(no_address)?;
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let _ = stream.set_nodelay(true);
        Ok(Box::new(stream))
    }
}

/// One connection, for one question after the other.
#[derive(Debug)]
pub struct Talk {
    sender: SendRequest<Full<Bytes>>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Where, below the endpoint's base.
    pub url: &'a Url,
    /// A login's token.
    pub token: Option<&'a Secret>,
}

impl Talk {
    /// Connects.
    ///
    /// # Errors
    /// What the runtime or the system said.
    pub async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        Self::over(endpoint.dial().await?).await
    }

    /// Over a connection that is there already.
    ///
    /// # Errors
    /// What the connection said.
    pub async fn over(stream: Box<dyn Duplex>) -> io::Result<Self> {
        let stream = TokioIo::new(stream);
        let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
        // Ends with the sender, or with the other side.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection to an engine");
            }
        });
        Ok(Self { sender })
    }

    /// Asks, with `body` as JSON if there is one; gives the status, and the answer up to `limit`
    /// bytes.
    ///
    /// # Errors
    /// What the connection said, or that the answer is longer.
    pub async fn ask(
        &mut self,
        question: Question<'_>,
        body: Option<&(impl Serialize + Sync)>,
        limit: usize,
    ) -> io::Result<(u16, Vec<u8>)> {
        let no_question = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let method = Method::from_bytes(question.method.as_bytes());
        let host = question.url.host_str().unwrap_or_default();
        let host = match question.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let mut request = Request::builder()
            .method(method.map_err(|_| no_question(()))?)
            .uri(question.url.path())
            .header(HOST, host);
        if let Some(token) = question.token {
            let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
            let mut bearer = bearer.map_err(|_| no_question(()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        let text = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                serde_json::to_vec(body)?
            }
            None => Vec::new(),
        };
        let request = request
            .body(Full::new(Bytes::from(text)))
            .map_err(|_| no_question(()))?;
        self.sender.ready().await.map_err(io::Error::other)?;
        let answer = self.sender.send_request(request).await;
        let answer = answer.map_err(io::Error::other)?;
        let status: StatusCode = answer.status();
        let body = Limited::new(answer.into_body(), limit).collect().await;
        let body = body.map_err(io::Error::other)?.to_bytes();
        Ok((status.as_u16(), body.to_vec()))
    }
}
