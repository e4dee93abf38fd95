//! The door into a session's container: TLS to a port of its node, with the certificates that were made
//! for the session. Both sides compare the other's whole, so that no clock and no name counts.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
};

use super::papers::Papers;
use crate::endpoint::{Programs, Tunnel};
use crate::runtime::docker::exec::relaying;
use crate::runtime::docker::files::SHELF;
use crate::runtime::docker::way::watch;

#[cfg(test)]
mod tests;

/// For a connection and its handshake.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// Bytes of an answer that is no stream.
const ANSWER_LIMIT: u64 = 256 * 1024;

/// A connection through it.
pub(super) type Opened = TlsStream<TcpStream>;

/// The door of one session. A clone is the same one.
#[derive(Clone)]
pub(super) struct Gate {
    address: IpAddr,
    /// Its port on the node.
    number: u16,
    config: Arc<ClientConfig>,
}

impl Gate {
    /// `None` if the papers cannot be used.
    pub(super) fn new(address: IpAddr, number: u16, papers: &Papers) -> Option<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (own, key) = papers.own()?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned {
                door: papers.door(),
                provider,
            }))
            .with_client_auth_cert(vec![own], key)
            .ok()?;
        Some(Self {
            address,
            number,
            config: Arc::new(config),
        })
    }

    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }

    pub(super) const fn number(&self) -> u16 {
        self.number
    }

    /// Whether it opens.
    pub(super) async fn opens(&self) -> bool {
        self.open("keep").await.is_ok()
    }

    /// To ask how its container is, by a byte each time, which keeps the lease.
    ///
    /// # Errors
    /// What the system or TLS said.
    pub(super) async fn keep(&self) -> io::Result<Opened> {
        self.open("keep").await
    }

    /// To a port of its container's loopback.
    ///
    /// # Errors
    /// What the system or TLS said.
    pub(super) async fn port(&self, port: u16) -> io::Result<Opened> {
        self.open(&format!("port {port}")).await
    }

    /// A program in its container, as Neko's user: its input and output.
    ///
    /// # Errors
    /// What the system or TLS said.
    pub(super) async fn run(&self, command: &[&str]) -> io::Result<Opened> {
        self.open(&format!("run {}", serde_json::to_string(command)?))
            .await
    }

    async fn open(&self, line: &str) -> io::Result<Opened> {
        let opening = async {
            let stream = TcpStream::connect((self.address, self.number)).await?;
            watch(&stream);
            let connector = TlsConnector::from(Arc::clone(&self.config));
            let name = ServerName::IpAddress(self.address.into());
            let mut opened = connector.connect(name, stream).await?;
            opened.write_all(format!("{line}\n").as_bytes()).await?;
            opened.flush().await?;
            Ok(opened)
        };
        let opened = timeout(CONNECT_LIMIT, opening).await;
        opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// What a program says, to its end.
    ///
    /// # Errors
    /// What the system or TLS said, or that it takes longer than `limit`.
    pub(super) async fn ask(&self, command: &[&str], limit: Duration) -> io::Result<String> {
        let asking = async {
            let opened = self.run(command).await?;
            let mut answer = Vec::new();
            opened.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        let asked = timeout(limit, asking).await;
        asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// To a port of its container's loopback, again and again.
    pub(super) fn tunnel(&self, port: u16) -> Tunnel {
        let gate = self.clone();
        Tunnel::new(format!("port {port} behind {self:?}"), move || {
            let gate = gate.clone();
            async move { gate.port(port).await }
        })
    }

    /// For datagrams to Neko's media port.
    pub(super) fn relay(&self) -> Tunnel {
        let gate = self.clone();
        Tunnel::new(format!("relay behind {self:?}"), move || {
            let gate = gate.clone();
            async move { gate.run(&relaying()).await }
        })
    }

    /// Beside the browser.
    pub(super) fn programs(&self) -> Programs {
        let gate = self.clone();
        Programs::new(format!("programs behind {self:?}"), SHELF, move |command| {
            let gate = gate.clone();
            async move {
                let command: Vec<&str> = command.iter().map(String::as_str).collect();
                gate.run(&command).await
            }
        })
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = (self.address, self.number);
        f.debug_tuple("Gate").field(&place).finish()
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        (self.address, self.number) == (other.address, other.number)
    }
}

/// Takes one certificate, and no other.
#[derive(Debug)]
struct Pinned {
    door: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.door {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // It is never asked for: only TLS 1.3 is spoken.
        Err(Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
