//! The shell's page through `WebDriver`.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::child::{self, Program};
use crate::{Display, LIMIT, Outcome, Picture, socket, until_open, within};

/// How often the content area is asked for while there is none.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long the screen is looked at before the place of the content area is asked for again.
const MEASURED_AGAIN: Duration = Duration::from_secs(2);

/// A session with the shell's page of a running app. Dropped, it takes the app with it.
#[derive(Debug)]
pub struct Shell {
    client: Client,
    driver: Program,
}

impl Shell {
    pub(crate) async fn open(
        mut driver: Command,
        binary: &Path,
        arguments: &[String],
    ) -> Outcome<Self> {
        // The driver cannot choose a port by itself.
        let port = socket::spare_port()?;
        driver.args(["--host=127.0.0.1", &format!("--port={port}")]);
        let mut driver = Program::start(&mut driver)?;
        let open = until_open(|| TcpStream::connect(("127.0.0.1", port)));
        within("WebKitWebDriver", open).await?;

        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": binary, "args": arguments }),
        );
        let client = within(
            "the app under WebDriver",
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities)
                .connect(&format!("http://127.0.0.1:{port}")),
        )
        .await
        .and_then(|client| Ok(client?));
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                // It cannot be driven, and would hold on to its data.
                driver.end_children()?;
                return Err(error);
            }
        };
        let shell = Self { client, driver };
        shell
            .until("document.querySelector('[data-testid=window][data-ready=true]')")
            .await?;
        Ok(shell)
    }

    /// Everything else that `WebDriver` can do.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits until an expression over the shell's document is true, looking whenever the document
    /// or the window's size changes; gives its value.
    ///
    /// # Errors
    /// If it does not become true in time.
    pub async fn until(&self, expression: &str) -> Outcome<Value> {
        let script = format!(
            "const [limit, done] = arguments;
             const events = ['resize', 'focusin', 'focusout'];
             const look = () => {{
                 let value;
                 try {{ value = ({expression}); }} catch {{ return; }}
                 if (!value) return;
                 changes.disconnect(); clearTimeout(end);
                 for (const type of events) removeEventListener(type, look);
                 done({{ value: value instanceof Node ? true : value }});
             }};
             const changes = new MutationObserver(look);
             changes.observe(document, {{
                 subtree: true, childList: true, attributes: true, characterData: true }});
             for (const type of events) addEventListener(type, look);
             const end = setTimeout(() => {{
                 changes.disconnect(); done({{ body: document.body?.innerText ?? '' }});
             }}, limit);
             look();"
        );
        let limit = u64::try_from(LIMIT.as_millis())?;
        let answer = within(
            expression,
            self.client
                .execute_async(&script, vec![json!(limit - 1000)]),
        )
        .await??;
        match answer.get("value") {
            Some(value) => Ok(value.clone()),
            None => Err(format!(
                "waited in vain for {expression}; the shell says {}",
                answer["body"]
            )
            .into()),
        }
    }

    /// The value of an expression over the shell's document, now.
    ///
    /// # Errors
    /// If it throws.
    pub async fn value(&self, expression: &str) -> Outcome<Value> {
        let script = format!("return ({expression});");
        Ok(within(expression, self.client.execute(&script, vec![])).await??)
    }

    /// The element of a selector, as soon as it is there.
    ///
    /// # Errors
    /// If it is not there in time.
    pub async fn find(&self, selector: &str) -> Outcome<Element> {
        let quoted = serde_json::to_string(selector)?;
        self.until(&format!("document.querySelector({quoted})"))
            .await?;
        Ok(self.client.find(Locator::Css(selector)).await?)
    }

    /// Clicks the element of a selector.
    ///
    /// # Errors
    /// If it is not there, or cannot be clicked.
    pub async fn click(&self, selector: &str) -> Outcome<()> {
        let element = self.find(selector).await?;
        Ok(within(selector, element.click()).await??)
    }

    /// Clicks the tab that has this in its title, and waits until it is in front: what is pressed
    /// sooner is pressed for the one before.
    ///
    /// # Errors
    /// If there is none in time.
    pub async fn click_tab(&self, title: &str) -> Outcome<()> {
        let quoted = serde_json::to_string(title)?;
        let path = format!("//*[@data-testid='tab'][contains(., {quoted})]");
        self.until(&format!(
            "[...document.querySelectorAll('[data-testid=tab]')]
                .some((tab) => tab.innerText.includes({quoted}))"
        ))
        .await?;
        let tab = self.client.find(Locator::XPath(&path)).await?;
        within(title, tab.click()).await??;
        self.until(&format!(
            "document.querySelector('[role=tab][aria-selected=true]')?.innerText.includes({quoted})"
        ))
        .await?;
        Ok(())
    }

    /// Calls a command of the app as the shell does; gives what it answers, or what it rejects.
    ///
    /// # Errors
    /// If the page cannot call at all.
    pub async fn invoke(&self, command: &str, arguments: Value) -> Outcome<Result<Value, Value>> {
        let answer = within(
            command,
            self.client.execute_async(
                "const [command, input, done] = arguments;
                 window.__TAURI_INTERNALS__.invoke(command, input)
                     .then((ok) => done({ ok }), (error) => done({ error }));",
                vec![json!(command), arguments],
            ),
        )
        .await??;
        Ok(match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        })
    }

    /// Where the content area is on the screen: left, top, width, height in pixels. The window
    /// must have the focus.
    ///
    /// # Errors
    /// If the shell shows none.
    pub async fn content_area(&self, display: &Display) -> Outcome<[u32; 4]> {
        let area = self
            .value(
                "(() => {
                    const { x, y, width, height } =
                        document.querySelector('[data-testid=content]').getBoundingClientRect();
                    return [x, y, width, height].map(Math.round);
                })()",
            )
            .await?;
        let [x, y, width, height]: [u32; 4] = serde_json::from_value(area)?;
        let [left, top, ..] = display.window()?;
        Ok([left + x, top + y, width, height])
    }

    /// Waits until the screen holds for the content area, which may yet come to be elsewhere.
    /// Gives the area.
    ///
    /// # Errors
    /// If it does not hold in time; the last picture is then in `target/failed/`.
    pub async fn until_shown(
        &self,
        display: &Display,
        what: &str,
        wanted: impl Fn(&Picture, [u32; 4]) -> bool,
    ) -> Outcome<[u32; 4]> {
        let found = within(what, async {
            let mut looks = tokio::time::interval(LOOK_AGAIN);
            loop {
                looks.tick().await;
                // A window that has just come may not have the focus yet, by which it is known.
                let Ok(area) = self.content_area(display).await else {
                    continue;
                };
                let seen = display.seen(|picture| wanted(picture, area));
                if let Ok(seen) = tokio::time::timeout(MEASURED_AGAIN, seen).await {
                    return seen.map(|_| area);
                }
            }
        });
        match found.await {
            Ok(found) => found,
            Err(error) => {
                let area = self.content_area(display).await?;
                let error = format!("{error} in {area:?}");
                let wanted = |picture: &Picture| wanted(picture, area);
                Err(display.missed(what, &error, wanted)?.into())
            }
        }
    }

    /// Ends the session and, with it, the app.
    ///
    /// # Errors
    /// If the session is lost already, or the app stays.
    pub async fn close(mut self) -> Outcome<()> {
        let apps = self.driver.children()?;
        within("the end of the session", self.client.clone().close()).await??;
        // The driver answers before it ends the app, and could not do it any more if it died here.
        tokio::task::spawn_blocking(move || child::ended(&apps)).await?
    }

    /// Kills the app without warning.
    ///
    /// # Errors
    /// If it stays.
    pub async fn kill(mut self) -> Outcome<()> {
        tokio::task::spawn_blocking(move || self.driver.end_children()).await?
    }

    /// Has the app end by itself, and with it all that it has started.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn quit(mut self) -> Outcome<()> {
        let apps = self.driver.children()?;
        // The session breaks when the app goes, perhaps before the answer.
        let _ = self.invoke("quit", json!({})).await;
        Self::end(&self.client, apps).await
    }

    /// Does what makes the app end by itself, and waits for that.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn ends_by(mut self, last: impl AsyncFnOnce(&Self)) -> Outcome<()> {
        let apps = self.driver.children()?;
        last(&self).await;
        Self::end(&self.client, apps).await
    }

    async fn end(client: &Client, apps: Vec<OwnedFd>) -> Outcome<()> {
        tokio::task::spawn_blocking(move || child::ended(&apps)).await??;
        let _ = within("the end of the session", client.clone().close()).await;
        Ok(())
    }
}
