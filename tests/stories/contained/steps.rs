//! The app killed, the engine killed, the way between them cut, at each question that a session's
//! life asks the engine: it has been put, and its answer does not come. Afterwards the tab is there
//! again, and nothing is lost or left.

use std::path::PathBuf;
use std::process::Stdio;

use duotab_core::message::{Mode, TabId};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::relay::{Call, Relay};
use super::{ends_well, recovers};
use crate::app::App;
use crate::home::Home;
use crate::site::Site;
use crate::within;

/// Every question in place of those that change something, for those who have the time.
const ALL: &str = "DUOTAB_TEST_STEPS";

/// By which an image that is not there is asked for.
const PULL: &str = "POST /images/create";

/// A part of a session's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Start,
    Sleep,
    Wake,
    End,
}

const PARTS: [Part; 4] = [Part::Start, Part::Sleep, Part::Wake, Part::End];

/// A question within a part, after so many of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    part: Part,
    call: Call,
    pass: usize,
}

/// A place with an engine behind a relay, and a streamed tab that was there before.
struct Stage {
    home: Home,
    relay: Relay,
    _site: Site,
}

impl Stage {
    async fn set() -> Option<Self> {
        let mut home = Home::contained()?;
        let relay = Relay::start(&home.beside.as_ref().unwrap().socket);
        home.socket = Some(relay.address());
        let site = Site::of(&home).await;
        let mut app = home.app().await;
        let tab = app.open(&site.url("/login"), "streamed").await;
        app.until_live(tab).await;
        app.until_title(tab, "welcome").await;
        app.navigate(tab, &site.url("/who")).await;
        app.until_title(tab, "user=ann kept").await;
        ends_well(&home, app).await;
        Some(Self {
            home,
            relay,
            _site: site,
        })
    }

    /// All questions of a life without faults; those that change something, or all of them. The pull
    /// of the image comes first.
    async fn steps(&self) -> Vec<Step> {
        let all = std::env::var_os(ALL).is_some();
        let mut steps = vec![Step {
            part: Part::Start,
            call: Call(PULL.to_owned()),
            pass: 0,
        }];
        let mut life = Life::default();
        let _before = self.relay.calls();
        for part in PARTS {
            life.play(&self.home, part).await;
            for call in self.relay.calls() {
                let pass = |it: &&Step| it.part == part && it.call == call;
                let pass = steps.iter().filter(pass).count();
                if all || call.changes() {
                    steps.push(Step { part, call, pass });
                }
            }
        }
        assert!(steps.iter().any(|it| it.part == Part::End), "{steps:#?}");
        steps
    }

    /// Says what comes, and sees to it that it can.
    fn prepare(&self, step: &Step) {
        println!("at {step:?}");
        if step.call.0 == PULL {
            let engine = self.home.beside.as_ref().unwrap();
            let (repository, _) = engine.image.rsplit_once(':').unwrap();
            for id in engine.docker(&["images", "--quiet", "--no-trunc", repository]) {
                let _removed = engine.docker(&["rmi", "--force", &id]);
            }
        }
    }

    /// The tab is there with its login, in one container; the app ends, and nothing is left.
    async fn is_whole(&self, step: &Step, mut app: App) {
        let tab = front(&mut app).await;
        recovers(&mut app, tab).await;
        app.until_title(tab, "user=ann kept").await;
        assert_eq!(self.home.browsers().len(), 1, "{step:?}");
        assert_eq!(self.home.rows().len(), 1, "{step:?}");
        ends_well(&self.home, app).await;
    }

    /// Plays up to a step, and on from there when the fault has befallen it.
    async fn befall(&self, step: &Step, fault: impl AsyncFn()) {
        self.prepare(step);
        let mut life = Life::default();
        for part in PARTS.into_iter().take_while(|part| *part < step.part) {
            life.play(&self.home, part).await;
        }
        let reached = self.relay.stop_at(&step.call, step.pass);
        let fault = async {
            // What is asked now and then may not be asked this time.
            if reached.await.is_ok() {
                fault().await;
            }
        };
        {
            let playing = life.play(&self.home, step.part);
            tokio::pin!(playing);
            tokio::select! {
                () = &mut playing => {}
                // Where it is to sleep it may not get there any more, or not for long.
                () = fault => if step.part != Part::Sleep {
                    playing.await;
                },
            }
        }
        self.relay.pass();
        let app = match life.app.take() {
            Some(app) => app,
            None => self.home.app().await,
        };
        self.is_whole(step, app).await;
    }
}

/// A life of the app, as far as it has come.
#[derive(Default)]
struct Life {
    app: Option<App>,
}

impl Life {
    async fn play(&mut self, home: &Home, part: Part) {
        let Some(app) = &mut self.app else {
            let app = self.app.insert(home.app().await);
            let tab = front(app).await;
            recovers(app, tab).await;
            app.until_title(tab, "user=ann kept").await;
            return;
        };
        let tab = app.state.active.unwrap();
        match part {
            Part::Start | Part::Wake => {
                front(app).await;
                recovers(app, tab).await;
            }
            Part::Sleep => {
                app.set_mode(tab, "proxy").await.unwrap();
                home.until_asleep().await;
            }
            Part::End => {
                if let Some(app) = self.app.take() {
                    app.quit().await;
                }
            }
        }
    }
}

/// The tab in front, streamed.
async fn front(app: &mut App) -> TabId {
    let tab = app.state.active.unwrap();
    let view = app.state.tabs.iter().find(|view| view.id == tab).unwrap();
    if view.mode == Mode::Proxy {
        app.set_mode(tab, "streamed").await.unwrap();
    }
    tab
}

#[tokio::test]
async fn an_engine_that_is_killed_at_any_question_loses_nothing_and_keeps_nothing() {
    let Some(stage) = Stage::set().await else {
        return;
    };
    let engine = stage.home.beside.as_ref().unwrap();
    for step in stage.steps().await {
        let killed = async || {
            engine.kill();
            engine.start();
        };
        stage.befall(&step, killed).await;
    }
}

#[tokio::test]
async fn a_socket_that_is_cut_at_any_question_loses_nothing_and_keeps_nothing() {
    let Some(stage) = Stage::set().await else {
        return;
    };
    for step in stage.steps().await {
        let cut = async || {
            stage.relay.cut().await;
            stage.relay.mend();
        };
        stage.befall(&step, cut).await;
    }
}

#[tokio::test]
async fn an_app_that_is_killed_at_any_question_loses_nothing_and_keeps_nothing() {
    let Some(stage) = Stage::set().await else {
        return;
    };
    for step in stage.steps().await {
        stage.prepare(&step);
        killed_at(&stage, &step).await;
        let app = stage.home.app().await;
        stage.is_whole(&step, app).await;
    }
}

/// Plays a life in a process of its own, and kills it at a step.
async fn killed_at(stage: &Stage, step: &Step) {
    let home = &stage.home;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "contained::steps::the_app",
            "--ignored",
            "--nocapture",
        ])
        .env("DUOTAB_TEST_HOME", home.folder())
        .envs(home.environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    within("the app, killed", reach(&mut child, stage, step)).await;
    child.kill().await.unwrap();
    stage.relay.pass();
}

/// Lets it play part after part, until the step is reached or past.
async fn reach(child: &mut Child, stage: &Stage, step: &Step) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut word = child.stdin.take().unwrap();
    let mut next = async || loop {
        let line = lines.next_line().await.unwrap().expect("the app lives");
        if let Some(part) = line.strip_prefix("part: ") {
            return part.to_owned();
        }
    };
    let wanted = format!("{:?}", step.part);
    while next().await != wanted {
        word.write_all(b"\n").await.unwrap();
    }
    let reached = stage.relay.stop_at(&step.call, step.pass);
    word.write_all(b"\n").await.unwrap();
    tokio::select! {
        _ = reached => {}
        _ = next() => {}
    }
}

#[tokio::test]
#[ignore = "started as the app by the tests above: by another test"]
async fn the_app() {
    let folder = std::env::var_os("DUOTAB_TEST_HOME").map(PathBuf::from);
    let home = Home::at(&folder.expect("only as the app"));
    let mut words = BufReader::new(tokio::io::stdin()).lines();
    let mut life = Life::default();
    for part in PARTS {
        println!("part: {part:?}");
        words.next_line().await.unwrap();
        life.play(&home, part).await;
    }
    println!("part: over");
    std::future::pending::<()>().await;
}
