//! The controller: takes commands and news one at a time, asks the core, and carries out its
//! actions in order. The only code that knows all rooms of the backend.

mod acting;
mod bookmark;
mod engine;
mod gift;
mod left;
mod look;
mod order;
mod profile;
mod saving;
mod session;
mod told;
mod transfer;
mod viewer;
mod ways;

use crate::capacity::NodeSource;
use crate::lane::Lane;
use crate::proxy::{Proxies, Proxy, ProxyConfig};
use crate::runtime::docker::DockerConfig;
use crate::runtime::embedded::EmbeddedConfig;
use crate::runtime::{Runtime, RuntimeConfig};
use crate::store::Store;
use duotab_core::action::Action;
use duotab_core::browser::{Browser, Saved, Settings};
use duotab_core::download::DownloadOrder;
use duotab_core::event::{Command, Event, Millis, RequestId};
use duotab_core::message::{
    LaneTicket, Problem, ProfileName, ShellFocus, ShellState, TabId, Update,
};
use engine::Engines;
use left::Left;
use look::Look;
pub use order::ContentOrder;
use profile::Works;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use viewer::Viewer;
use ways::Ways;

/// How much longer than the app would let it sleep an engine waits for an app that was killed.
const ORPHAN_GRACE: Duration = Duration::from_secs(5 * 60);

/// What the controller needs to begin.
#[derive(Debug)]
pub struct ControllerConfig {
    /// The database file.
    pub database: PathBuf,
    /// The folder of the block lists.
    pub lists: PathBuf,
    /// The person's folder for downloads.
    pub downloads: PathBuf,
    /// The engines; their `install` is filled in from the database.
    pub runtime: RuntimeConfig,
    /// Where the facts about nodes come from.
    pub nodes: NodeSource,
    /// Origins that the shell's page may have.
    pub origins: Vec<String>,
    /// How the proxied tabs reach the world.
    pub proxy: ProxyConfig,
    /// The name of the desktop's program for an address.
    pub program_for: fn(&str) -> Option<String>,
    /// What can be set.
    pub settings: Settings,
}

/// What comes to the controller's one queue.
#[derive(Debug)]
enum Input {
    Command(Command, oneshot::Sender<Result<(), Problem>>),
    Event(Event),
    /// A setting to be kept.
    Keep(String, String),
    Subscribe(mpsc::UnboundedSender<Update>),
    Look(Look),
    ProfileCleared(ProfileName),
}

/// Takes news to the core. Cheap to clone.
#[derive(Clone, Debug)]
struct News(mpsc::UnboundedSender<Input>);

impl News {
    fn send(&self, event: Event) {
        // Without a controller there is nobody to tell.
        let _ = self.0.send(Input::Event(event));
    }

    fn keep(&self, key: String, value: String) {
        let _ = self.0.send(Input::Keep(key, value));
    }
}

/// A handle on the running controller. Cheap to clone.
#[derive(Clone)]
pub struct Controller {
    queue: mpsc::UnboundedSender<Input>,
    lane: Arc<Lane>,
    proxies: Arc<Proxies>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").finish_non_exhaustive()
    }
}

impl Controller {
    /// Opens the store, binds the lane, and begins. Orders for the window go to `content`.
    ///
    /// # Errors
    /// Only if no port can be bound on loopback. A store that cannot be opened is a notice.
    pub async fn start(
        config: ControllerConfig,
        content: mpsc::UnboundedSender<ContentOrder>,
    ) -> std::io::Result<Self> {
        let lane = Arc::new(Lane::bind(config.origins).await?);
        let proxies = Arc::new(Proxies::new(config.proxy, vec![lane.port()]));
        let (queue, inputs) = mpsc::unbounded_channel();
        let news = News(queue.clone());
        let (database, image) = (config.database.clone(), config.runtime.docker.image.clone());
        let opened = tokio::task::spawn_blocking(move || Left::open(&database, &image))
            .await
            .map_err(std::io::Error::other)?;
        let runtime = RuntimeConfig {
            choice: config.runtime.choice,
            embedded: EmbeddedConfig {
                install: opened.install.clone(),
                // An engine that nobody ends is one whose app is gone for good.
                idle_exit: Duration::from_millis(config.settings.suspended_limit_ms) + ORPHAN_GRACE,
                ..config.runtime.embedded
            },
            docker: DockerConfig {
                install: opened.install,
                owner: opened.owner,
                kept: opened.image,
                volumes: opened.volumes,
                home_closed: (config.settings.home_closed)
                    .unwrap_or(opened.saved.switches.home_closed),
                ..config.runtime.docker
            },
        };
        let (runtime, told) = Runtime::new(runtime);
        let viewer = Viewer::start(Arc::clone(&lane));
        let hands = viewer.clone();
        tokio::task::spawn_blocking(move || hands.set_keymap(crate::keymap::local()));
        let engines = Engines::start(
            runtime,
            told,
            news.clone(),
            viewer.clone(),
            config.downloads,
        );
        for notice in opened.notices {
            news.send(Event::Notice(notice));
        }
        let ways = Ways::start(&proxies, config.lists, &config.settings, &news, &content);
        let run = Run {
            store: Arc::new(Mutex::new(opened.store)),
            ways,
            works: Works::new(engines.runtime(), news.clone(), content.clone()),
            database: config.database,
            store_failed: false,
            nodes: config.nodes,
            program_for: config.program_for,
            news,
            engines,
            viewer,
            content,
            replies: HashMap::new(),
            views: Vec::new(),
            last: ShellState::default(),
        };
        tokio::spawn(run.run(config.settings, opened.saved, inputs));
        Ok(Self {
            queue,
            lane,
            proxies,
        })
    }

    /// Carries out a verb of the UI.
    ///
    /// # Errors
    /// What the person needs to know; [`Problem::Closing`] when the app is going.
    pub async fn command(&self, command: Command) -> Result<(), Problem> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .send(Input::Command(command, reply))
            .map_err(|_| Problem::Closing)?;
        answer.await.unwrap_or(Err(Problem::Closing))
    }

    /// All updates from now on; the whole state comes first.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<Update> {
        let (to, updates) = mpsc::unbounded_channel();
        let _ = self.queue.send(Input::Subscribe(to));
        updates
    }

    /// The proxy that a profile's proxied pages have to use; `None` if it could not be started, and
    /// then none of them may be loaded.
    #[must_use]
    pub fn proxy(&self, profile: &ProfileName) -> Option<Arc<Proxy>> {
        self.proxies.of(profile)
    }

    /// Lets one view connect to the lane, once.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn lane_ticket(&self) -> Result<LaneTicket, Problem> {
        self.lane.ticket().map_err(|error| {
            tracing::error!(%error, "no randomness for a ticket");
            Problem::Closing
        })
    }
}

/// The running controller.
struct Run {
    store: Arc<Mutex<Store>>,
    works: Works,
    database: PathBuf,
    store_failed: bool,
    nodes: NodeSource,
    program_for: fn(&str) -> Option<String>,
    news: News,
    engines: Engines,
    viewer: Viewer,
    ways: Ways,
    content: mpsc::UnboundedSender<ContentOrder>,
    replies: HashMap<RequestId, oneshot::Sender<Result<(), Problem>>>,
    views: Vec<mpsc::UnboundedSender<Update>>,
    last: ShellState,
}

impl Run {
    async fn run(
        mut self,
        settings: Settings,
        saved: Saved,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) {
        let began = Instant::now();
        let now = || Millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let mut browser = Browser::new(settings, saved, now());
        let mut next_request = 0;
        let mut ended = self.carry_out(&mut browser).await;
        while !ended {
            let deadline = browser.deadline().map(|at| {
                let left = at.0.saturating_sub(now().0);
                tokio::time::Instant::now() + Duration::from_millis(left)
            });
            let input = tokio::select! {
                input = inputs.recv() => input,
                () = sleep_until(deadline) => Some(Input::Event(Event::Deadline)),
            };
            match input {
                None => break,
                Some(Input::Subscribe(view)) => {
                    let state = self.last.clone();
                    if view.send(Update::State { state }).is_ok() {
                        self.views.push(view);
                    }
                    continue;
                }
                Some(Input::Look(look)) => {
                    look.at(&browser, &self.store);
                    continue;
                }
                Some(Input::ProfileCleared(profile)) => {
                    self.works.cleared(&profile);
                    continue;
                }
                Some(Input::Command(command, reply)) => {
                    next_request += 1;
                    let request = RequestId(next_request);
                    self.replies.insert(request, reply);
                    browser.handle(now(), Event::Command(request, command));
                }
                Some(Input::Event(event)) => browser.handle(now(), self.complete(event)),
                Some(Input::Keep(key, value)) => {
                    self.save(move |store| store.set_setting(&key, &value))
                        .await;
                    continue;
                }
            }
            ended = self.carry_out(&mut browser).await;
        }
        self.works.close().await;
        self.engines.close().await;
        self.viewer.close();
        self.ways.proxies.close_all();
    }

    /// Carries out all actions; true if the app is to end.
    async fn carry_out(&mut self, browser: &mut Browser) -> bool {
        let actions: Vec<Action> = browser.take_actions().collect();
        let mut ended = false;
        for action in actions {
            ended |= self.act(action).await;
        }
        ended
    }

    async fn act(&mut self, action: Action) -> bool {
        match action {
            kept @ (Action::SaveTab(_)
            | Action::DeleteTab(_)
            | Action::SaveSite(_)
            | Action::SaveBookmark(_)
            | Action::SaveBookmarks(_)
            | Action::DeleteBookmark(..)
            | Action::SaveVisit(_)
            | Action::ForgetVisits(..)
            | Action::SaveDownload(_)
            | Action::DeleteDownload(_)
            | Action::SaveSwitch(..)
            | Action::SaveSleepAfter(_)
            | Action::SaveSearch(_)
            | Action::SaveSession(_)
            | Action::DeleteSession(_)
            | Action::SaveProfile(_)
            | Action::SaveLists(_)
            | Action::SaveWorker(_)
            | Action::DeleteWorker(_)) => self.keep(kept).await,
            Action::Download(DownloadOrder::Cancel(transfer)) if transfer.is_streamed() => {
                self.engines.cancel_transfer(transfer);
            }
            Action::Download(order) => self.order(ContentOrder::Download(order)),
            Action::UseLists { urls, anew } => self.ways.lists.use_these(urls, anew),
            Action::DropLists => self.ways.lists.stop(),
            Action::UseNetwork(name, network) => self.ways.lead(&name, network).await,
            Action::Unblock(name, sites) => self.ways.unblock(name, sites),
            Action::HomeNames(name, names) => self.ways.home_names(&name, names),
            Action::Decided(name, sites) => self.order(ContentOrder::Decided(name, sites)),
            Action::DeleteProfile(name) => {
                self.ways.proxies.close(&name);
                self.save(move |store| store.delete_profile(&name)).await;
            }
            Action::WorkOnProfile(name, node, work) => self.works.begin(name, node, work),
            Action::TakeProfile(name) => self.engines.runtime().take_profile(&name),
            Action::DropCopy(name, node) => self.engines.drop_copy(name, node),
            Action::CancelProfileWork(name) => self.works.cancel(&name),
            Action::ForgetPrivate => self.ways.forget_private().await,
            Action::UseProfile(tab, profile) => self.order(ContentOrder::UseProfile(tab, profile)),
            Action::LookAtNodes => self.engines.look_at_nodes(self.nodes.clone()),
            Action::FindEngines(node) => self.engines.find(node),
            Action::UseWorkers(workers) => self.engines.runtime().use_workers(workers),
            Action::FindContexts => self.engines.find_contexts(),
            Action::CheckWorker(worker) => self.engines.check_worker(worker),
            Action::StartEngine {
                session,
                node,
                profile,
                memory_mib,
                ahead,
            } => {
                let start = engine::Start {
                    node,
                    profile,
                    memory_mib,
                    ahead,
                };
                self.engines.start_engine(session, start);
            }
            Action::FetchEngineImage => self.engines.fetch_image(),
            Action::LookForUpdate => self.engines.look_for_update(),
            Action::CloseHomeNetwork(on) => self.engines.runtime().close_home_network(on),
            Action::ResumeEngine(session, node) => self.engines.resume(session, node),
            Action::SuspendEngine(session, node) => self.engines.suspend(session, node),
            Action::StopEngine(session, node) => self.engines.stop(session, node),
            Action::Connect(session, node) => self.engines.connect(session, node),
            Action::Disconnect(session) => self.engines.disconnect(session),
            Action::Permit(profile, url) => self.ways.permit(&profile, &url),
            Action::Cookies(tab, profile, order) => {
                self.order(ContentOrder::Cookies(tab, profile, order));
            }
            Action::Proxied(tab, action) => self.order(ContentOrder::Page(tab, action)),
            Action::SetPermissions(session, decided) => self.engines.permit(session, decided),
            Action::Streamed(session, tab, action) => self.engines.page(session, tab, action),
            Action::Watch(session) => self.viewer.watch(session),
            Action::Place(area) => {
                self.viewer.place(area);
                self.order(ContentOrder::Place(area));
            }
            Action::HistoryMenu(tab, places) => {
                self.order(ContentOrder::HistoryMenu(tab, places));
            }
            Action::OpenInProgram(address) => self.order(ContentOrder::OpenInProgram(address)),
            Action::PresentWindow(launch) => self.order(ContentOrder::PresentWindow(launch)),
            Action::ChooseFiles(tab, ask, wish) => {
                self.order(ContentOrder::ChooseFiles(tab, ask, wish));
            }
            Action::FullScreen(on) => self.order(ContentOrder::FullScreen(on)),
            Action::Reply(request, result) => {
                if let Some(reply) = self.replies.remove(&request) {
                    // Whoever asked may have gone.
                    let _ = reply.send(result);
                }
            }
            Action::Paint(state) => {
                self.last = state.clone();
                self.update(&Update::State { state });
            }
            Action::Focus(target) => self.focus(target, None),
            Action::FocusIn(target, tab) => self.focus(target, Some(tab)),
            Action::Exit => {
                self.order(ContentOrder::Exit);
                return true;
            }
        }
        false
    }

    fn order(&self, order: ContentOrder) {
        let _ = self.content.send(order);
    }

    fn focus(&mut self, target: ShellFocus, tab: Option<TabId>) {
        self.update(&Update::Focus { target, tab });
        self.order(ContentOrder::Focus(target));
    }

    fn update(&mut self, update: &Update) {
        self.views.retain(|view| view.send(update.clone()).is_ok());
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
