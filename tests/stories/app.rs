//! The app as its window sees it: commands in, updates out.

use duotab_backend::controller::{Controller, ControllerConfig};
use duotab_backend::proxy::ProxyConfig;
use duotab_core::message::{
    ContentArea, LaneTicket, Problem, ShellState, Stage, TabId, TabView, Update,
};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{MockRuntime, get_ipc_response};
use tauri::webview::InvokeRequest;
use tauri::{WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::mpsc;

use crate::content::Content;
use crate::home::Home;
use crate::within;

/// Where the shell's page comes from.
pub(crate) const SHELL: &str = "tauri://localhost";

pub(crate) struct App {
    pub(crate) controller: Controller,
    pub(crate) content: Content,
    pub(crate) state: ShellState,
    updates: mpsc::UnboundedReceiver<Update>,
    tauri: tauri::App<MockRuntime>,
    shell: WebviewWindow<MockRuntime>,
}

impl App {
    /// Starts it, without a window: `shell` is a webview in name only.
    pub(crate) async fn start(home: &Home) -> Self {
        let (to_content, orders) = mpsc::unbounded_channel();
        let controller = Controller::start(config(home), to_content).await.unwrap();
        let updates = controller.subscribe();
        let tauri = duotab::builder::<MockRuntime>(controller.clone())
            .build(duotab::context())
            .unwrap();
        let shell = webview(&tauri, "shell");
        let mut app = Self {
            content: Content::play(controller.clone(), orders),
            controller,
            state: ShellState::default(),
            updates,
            tauri,
            shell,
        };
        app.until("the first tab", |state| !state.tabs.is_empty())
            .await;
        // A small picture: the stories are about other things.
        let (width, height) = (800.0, 600.0);
        let area = ContentArea {
            width,
            height,
            scale: 1.0,
            ..ContentArea::default()
        };
        app.ask("set_content_area", json!({ "area": area }))
            .await
            .unwrap();
        app
    }

    /// Another webview than the shell's.
    pub(crate) fn other_webview(&self, label: &str) -> WebviewWindow<MockRuntime> {
        webview(&self.tauri, label)
    }

    pub(crate) const fn shell(&self) -> &WebviewWindow<MockRuntime> {
        &self.shell
    }

    /// A command as the shell's page gives it, and its answer. What it changed is seen from then
    /// on.
    pub(crate) async fn ask(&mut self, command: &str, body: Value) -> Result<Value, Problem> {
        let answer = self.ask_as(&self.shell, SHELL, command, body).await;
        self.catch_up().await;
        answer.map_err(|error| {
            serde_json::from_value(error.clone())
                .unwrap_or_else(|_| panic!("{command} answers no problem, but {error}"))
        })
    }

    /// A command as any page of any webview would give it.
    pub(crate) async fn ask_as(
        &self,
        from: &WebviewWindow<MockRuntime>,
        origin: &str,
        command: &str,
        body: Value,
    ) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: origin.parse().unwrap(),
            body: InvokeBody::Json(body),
            headers: tauri::http::HeaderMap::new(),
            invoke_key: self.tauri.invoke_key().to_owned(),
        };
        let from = from.clone();
        let answer = tokio::task::spawn_blocking(move || get_ipc_response(&from, request));
        within(command, answer)
            .await
            .unwrap()
            .map(|body| body.deserialize().unwrap())
    }

    /// Takes the state as it is now: updates from before say how it was.
    async fn catch_up(&mut self) {
        self.updates = self.controller.subscribe();
        let first = within("the state", self.updates.recv()).await;
        if let Some(Update::State { state }) = first {
            self.state = state;
        }
    }

    /// Waits for an update with a state as it is wanted.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&ShellState) -> bool,
    ) -> &ShellState {
        let limit = tokio::time::Instant::now() + crate::LIMIT;
        while !wanted(&self.state) {
            match tokio::time::timeout_at(limit, self.updates.recv()).await {
                Ok(Some(Update::State { state })) => self.state = state,
                Ok(Some(Update::Focus { .. })) => {}
                Ok(None) => panic!("{what}: the controller has ended in {:#?}", self.state),
                // One line each: where only a part of a report is kept, it is the part that counts.
                Err(_) => panic!(
                    "waited in vain: {what}, in {:?} with {:?}",
                    self.state.tabs, self.state.notices
                ),
            }
        }
        &self.state
    }

    /// Waits for a tab to be as it is wanted.
    pub(crate) async fn until_tab(
        &mut self,
        tab: TabId,
        what: &str,
        wanted: impl Fn(&TabView) -> bool,
    ) -> TabView {
        let state = self
            .until(what, |state| view(state, tab).is_some_and(&wanted))
            .await;
        view(state, tab).unwrap().clone()
    }

    /// Waits until a tab's picture is there.
    pub(crate) async fn until_live(&mut self, tab: TabId) -> TabView {
        self.until_tab(tab, "a live tab", is_live).await
    }

    /// Waits until a tab's page calls itself so.
    pub(crate) async fn until_title(&mut self, tab: TabId, title: &str) -> TabView {
        self.until_tab(tab, title, |tab| tab.title == title).await
    }

    /// Waits until a tab has a problem.
    pub(crate) async fn until_problem(&mut self, tab: TabId) -> Problem {
        let view = self
            .until_tab(tab, "a problem", |tab| tab.problem.is_some())
            .await;
        view.problem.unwrap()
    }

    /// Opens a tab in front and says which.
    pub(crate) async fn open(&mut self, url: &str, mode: &str) -> TabId {
        let before = last(&self.state);
        self.ask(
            "open_tab",
            json!({ "input": url, "mode": mode, "background": false }),
        )
        .await
        .unwrap();
        let state = self.until("a new tab", |state| last(state) > before).await;
        TabId(last(state))
    }

    /// A verb that takes nothing but a tab.
    pub(crate) async fn act(&mut self, verb: &str, tab: TabId) {
        let answer = self.ask(verb, json!({ "tab": tab })).await;
        assert_eq!(answer, Ok(Value::Null), "{verb}");
    }

    pub(crate) async fn navigate(&mut self, tab: TabId, input: &str) {
        let answer = self
            .ask("navigate", json!({ "tab": tab, "input": input }))
            .await;
        assert_eq!(answer, Ok(Value::Null), "{input}");
    }

    pub(crate) async fn set_mode(&mut self, tab: TabId, mode: &str) -> Result<Value, Problem> {
        let body = json!({ "tab": tab, "mode": mode, "node": null });
        self.ask("set_tab_mode", body).await
    }

    pub(crate) async fn lane_ticket(&mut self) -> LaneTicket {
        let ticket = self.ask("connect_lane", json!({})).await.unwrap();
        serde_json::from_value(ticket).unwrap()
    }

    /// Closes the app, and waits until all is put away.
    pub(crate) async fn quit(mut self) {
        self.ask("quit", json!({})).await.unwrap();
        self.content.exit().await;
    }
}

/// What the app is told of a home.
pub(crate) fn config(home: &Home) -> ControllerConfig {
    ControllerConfig {
        lists: home.dirs.data.join("lists"),
        downloads: home.downloads(),
        database: home.dirs.database(),
        runtime: home.runtime(),
        nodes: home.nodes.clone(),
        origins: vec![SHELL.to_owned()],
        proxy: ProxyConfig::default(),
        program_for: |_| None,
        settings: home.settings.clone(),
    }
}

fn webview(tauri: &tauri::App<MockRuntime>, label: &str) -> WebviewWindow<MockRuntime> {
    WebviewWindowBuilder::new(tauri, label, WebviewUrl::default())
        .build()
        .unwrap()
}

fn last(state: &ShellState) -> u32 {
    state.tabs.iter().map(|tab| tab.id.0).max().unwrap_or(0)
}

pub(crate) fn view(state: &ShellState, tab: TabId) -> Option<&TabView> {
    state.tabs.iter().find(|view| view.id == tab)
}

pub(crate) fn is_live(tab: &TabView) -> bool {
    tab.problem.is_none() && stage(tab) == Some(Stage::Live)
}

pub(crate) fn stage(tab: &TabView) -> Option<Stage> {
    tab.stream.as_ref().map(|stream| stream.stage)
}

/// The session that serves a tab.
pub(crate) fn session(tab: &TabView) -> u32 {
    tab.stream.as_ref().unwrap().session.unwrap().0
}
