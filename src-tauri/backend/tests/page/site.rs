//! A web site on loopback for one test.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A running site. It ends when it is dropped.
pub(crate) struct Site {
    address: SocketAddr,
    task: AbortHandle,
}

impl Site {
    /// Serves `router` on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If no port can be had.
    #[allow(clippy::expect_used)]
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("its address");
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        })
        .abort_handle();
        Self { address, task }
    }

    /// The address of a path of the site, which begins with a slash.
    #[must_use]
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its port.
    #[must_use]
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The same as [`Site::url`], but of another site to the browser.
    #[must_use]
    pub(crate) fn other_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}
