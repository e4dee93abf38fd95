//! TLS with certificates on both sides, as Docker's own client has it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use duotab_core::fault::EngineFault;
use rustix::net::sockopt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};

/// For a connection and its handshake.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// What was sent and is not acknowledged for this long will not be: the link is down. A connection
/// on which nothing is sent is asked after half that time.
const DEAD: Duration = Duration::from_secs(6);

/// A connection to an engine.
///
/// # Errors
/// What a person can do something about.
pub(super) async fn dial(
    host: &str,
    port: u16,
    certificates: &Path,
) -> Result<TlsStream<TcpStream>, EngineFault> {
    let bad = |detail: String| EngineFault::CertificateBad {
        host: host.to_owned(),
        detail,
    };
    let folder = certificates.to_owned();
    // A few small files, read anew: they may have been renewed.
    let read = tokio::task::spawn_blocking(move || config(&folder)).await;
    let config = read.unwrap_or_else(|_| Err(String::new())).map_err(bad)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| EngineFault::BadAddress {
        address: host.to_owned(),
    })?;
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        watch(&stream);
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    };
    match timeout(CONNECT_LIMIT, connecting).await {
        Ok(connected) => connected.map_err(|error| told(&error, host)),
        Err(_) => Err(EngineFault::Unreachable {
            host: host.to_owned(),
            detail: String::new(),
        }),
    }
}

/// A link that is down is no connection any more, whether or not anything is to be sent.
pub(in crate::runtime::docker) fn watch(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    #[cfg(target_os = "linux")]
    {
        let _ = sockopt::set_tcp_keepidle(stream, DEAD / 2);
        let _ = sockopt::set_tcp_keepintvl(stream, Duration::from_secs(1));
        let _ = sockopt::set_tcp_keepcnt(stream, 3);
        let millis = u32::try_from(DEAD.as_millis()).unwrap_or(u32::MAX);
        let _ = sockopt::set_tcp_user_timeout(stream, millis);
    }
}

fn config(folder: &Path) -> Result<ClientConfig, String> {
    let path = |name: &str| folder.join(name);
    let wrong = |name: &str, error: &pem::Error| format!("{}: {error}", path(name).display());
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        CertificateDer::pem_file_iter(path(name))
            .and_then(Iterator::collect)
            .map_err(|error| wrong(name, &error))
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca.pem")? {
        roots
            .add(certificate)
            .map_err(|error| format!("{}: {error}", path("ca.pem").display()))?;
    }
    let key =
        PrivateKeyDer::from_pem_file(path("key.pem")).map_err(|error| wrong("key.pem", &error))?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates("cert.pem")?, key)
        .map_err(|error| format!("{}: {error}", path("cert.pem").display()))
}

/// What an error on the way comes down to.
pub(super) fn told(error: &io::Error, host: &str) -> EngineFault {
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(wrong)) => EngineFault::CertificateBad {
            host,
            detail: in_words(wrong),
        },
        // Whoever asks for a certificate says in an alert that it is not the right one.
        Some(rustls::Error::AlertReceived(_)) => EngineFault::NotAllowed { host },
        Some(other) => EngineFault::CertificateBad {
            host,
            detail: other.to_string(),
        },
        // Whoever hangs up in the middle says nothing more about it than that.
        None if error.kind() == io::ErrorKind::UnexpectedEof => EngineFault::Unreachable {
            host,
            detail: "It closes the connection.".to_owned(),
        },
        None => EngineFault::Unreachable {
            host,
            detail: error.to_string(),
        },
    }
}

fn in_words(wrong: &CertificateError) -> String {
    use CertificateError as Wrong;
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "Its certificate is out of date, by this machine's clock.".into()
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "Its certificate is not valid yet, by this machine's clock.".into()
        }
        Wrong::UnknownIssuer => "Its certificate was not made by the one in ca.pem.".into(),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "Its certificate is for another name or address.".into()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_without_certificates_is_told_by_its_first_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let fault = dial("127.0.0.1", 1, folder.path())
            .await
            .map(|_| ())
            .unwrap_err();
        let EngineFault::CertificateBad { host, detail } = fault else {
            panic!("{fault:?}");
        };
        assert_eq!(host, "127.0.0.1");
        assert!(detail.contains("ca.pem"), "{detail}");
    }

    #[test]
    fn what_tls_says_is_told_apart() {
        let of = |error: rustls::Error| told(&io::Error::other(error), "attic");
        let expired = of(rustls::Error::InvalidCertificate(CertificateError::Expired));
        assert!(
            matches!(&expired, EngineFault::CertificateBad { detail, .. } if detail.contains("date"))
        );
        let refused = of(rustls::Error::AlertReceived(
            rustls::AlertDescription::CertificateRequired,
        ));
        assert!(matches!(refused, EngineFault::NotAllowed { .. }));
        let reset = told(&io::ErrorKind::ConnectionReset.into(), "attic");
        assert!(matches!(reset, EngineFault::Unreachable { .. }));
    }
}
