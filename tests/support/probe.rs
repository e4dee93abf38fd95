//! A site whose pages tell the test what happens to them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::{Outcome, within};

/// The script that every page of the site may use.
const TELL: &str = "<script>\
    function tell(value) { return fetch('/tell', {method: 'POST', body: JSON.stringify(value)}); }\
    </script>";

/// A running site, and the ear for its pages.
#[derive(Debug)]
pub struct ProbeSite {
    address: SocketAddr,
    task: AbortHandle,
    told: Mutex<UnboundedReceiver<Value>>,
}

impl Drop for ProbeSite {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ProbeSite {
    /// Starts the site. Its pages:
    ///
    /// | path | page |
    /// |---|---|
    /// | `/colour/RRGGBB` | nothing but a colour, which is the title too; tells `{"shown": colour}` |
    /// | `/probe` | see [`probe`]; tells `{"click": id}`, `{"text": …}`, `{"size": [w, h], "scale": …}`, `{"key": …}` |
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> Outcome<Self> {
        Self::with(Router::new()).await
    }

    /// The same, with more pages; [`page`] makes one that can tell.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn with(more: Router) -> Outcome<Self> {
        Self::at(Ipv4Addr::LOCALHOST.into(), more).await
    }

    /// The same at one of this machine's addresses.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn at(address: IpAddr, more: Router) -> Outcome<Self> {
        let (tell, told) = unbounded_channel();
        let router = Router::new()
            .route("/colour/{colour}", get(colour))
            .route("/probe", get(probe))
            .route("/tell", post(hear))
            .with_state(tell)
            .merge(more);
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // It runs until it is aborted.
            let router = router.into_make_service_with_connect_info::<SocketAddr>();
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            task: task.abort_handle(),
            told: Mutex::new(told),
        })
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address of a path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until a page tells what `wanted` picks; what else is told before is passed over.
    ///
    /// # Errors
    /// If it is not told in time.
    pub async fn told<T>(&self, what: &str, wanted: impl Fn(&Value) -> Option<T>) -> Outcome<T> {
        let mut passed = Vec::new();
        let found = within(what, async {
            let mut told = self.told.lock().await;
            loop {
                let next = told.recv().await?;
                if let Some(found) = wanted(&next) {
                    return Some(found);
                }
                passed.push(next);
            }
        })
        .await;
        match found {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err("the site has ended".into()),
            Err(error) => Err(format!("{error}; told was {passed:?}").into()),
        }
    }

    /// Waits until a page tells exactly this.
    ///
    /// # Errors
    /// If it is not told in time.
    pub async fn tells(&self, wanted: &Value) -> Outcome<()> {
        self.told(&wanted.to_string(), |told| (told == wanted).then_some(()))
            .await
    }
}

/// A page with `tell(value)` and this content.
pub fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title>{TELL}{body}"
    ))
}

async fn colour(Path(colour): Path<String>) -> Html<String> {
    let colour: String = colour.chars().filter(char::is_ascii_hexdigit).collect();
    page(
        &colour,
        &format!(
            "<body style='margin:0;background:#{colour}'>
             <script>tell({{shown: '{colour}'}})</script>"
        ),
    )
}

/// In CSS pixels from the page's corner, on a ground of #204080: a button (40, 40, 200x80,
/// #20c040), a link to `/colour/aa2266` (300, 40, 200x80, #c0c020), the same for a new tab to
/// `/colour/2266aa` (540, 40), a text field (40, 160, 400x40).
async fn probe() -> Html<String> {
    page(
        "Probe",
        "<style>
            body { margin: 0; background: #204080 }
            button, a, input { position: absolute; border: 0; top: 40px; width: 200px; height: 80px }
            button { left: 40px; background: #20c040 }
            a { left: 300px; background: #c0c020 }
            input { left: 40px; top: 160px; width: 400px; height: 40px }
        </style>
        <button id=button></button><a id=link href='/colour/aa2266'></a>
        <a id=blank href='/colour/2266aa' target=_blank style='left: 540px'></a>
        <input id=input>
        <script>
            for (const id of ['button', 'input'])
                document.getElementById(id).onclick = () => tell({click: id});
            document.getElementById('input').oninput = (e) => tell({text: e.target.value});
            addEventListener('keydown', (e) => tell({key: e.key}));
            const size = () => tell({size: [innerWidth, innerHeight], scale: devicePixelRatio});
            addEventListener('resize', size);
            size();
        </script>",
    )
}

async fn hear(State(tell): State<UnboundedSender<Value>>, body: String) {
    let told = serde_json::from_str(&body).unwrap_or(Value::String(body));
    // A test that listens no more has ended.
    let _ = tell.send(told);
}
