//! Profiles: apart from each other, and carried from one to another, also from one kind of engine
//! to the other.

use std::path::Path;

use duotab_core::message::{Problem, ProfileName, TabId};
use duotab_core::profile::{Colour, ProfileFault, ProfileView};
use serde_json::{Value, json};

use crate::app::{App, session};
use crate::home::Home;
use crate::site::Site;

const NOBODY: &str = "undefined";
const ANN: &str = "user=ann kept";

fn profile(app: &App, name: &str) -> ProfileView {
    let all = &app.state.profiles;
    all.iter().find(|it| it.name.0 == name).unwrap().clone()
}

async fn work(app: &mut App, name: &str, work: Value, end_session: bool) -> Result<(), Problem> {
    let body = json!({ "name": name, "work": work, "endSession": end_session });
    app.ask("work_on_profile", body).await.map(drop)
}

/// Has it done, whoever has the data, and waits for what comes of it.
async fn done(app: &mut App, name: &str, what: Value) -> Option<ProfileFault> {
    work(app, name, what, true).await.unwrap();
    let of = ProfileName(name.into());
    app.until("an outcome", |state| {
        let view = state.profiles.iter().find(|it| it.name == of);
        view.is_none_or(|it| it.work.is_none() && it.outcome.is_some())
    })
    .await;
    let view = app.state.profiles.iter().find(|it| it.name == of);
    view.and_then(|it| it.outcome.clone()?.fault)
}

async fn create(app: &mut App, title: &str) {
    let body = json!({ "title": title, "colour": "green" });
    app.ask("create_profile", body).await.unwrap();
    app.until("the profile", |state| {
        state.profiles.iter().any(|it| it.title == title)
    })
    .await;
}

/// A streamed tab of a profile.
pub(crate) async fn open_of(app: &mut App, name: &str, url: &str) -> TabId {
    let body = json!({ "profile": name });
    app.ask("open_tab_of", body).await.unwrap();
    let of = ProfileName(name.into());
    let is_front = |state: &duotab_core::message::ShellState| {
        let front = state.tabs.iter().find(|tab| Some(tab.id) == state.active);
        front.is_some_and(|tab| tab.profile == of && tab.address.is_empty())
    };
    let state = app.until("an empty tab of it", is_front).await;
    let tab = state.active.unwrap();
    app.navigate(tab, url).await;
    app.set_mode(tab, "streamed").await.unwrap();
    app.until_live(tab).await;
    tab
}

async fn log_in(app: &mut App, site: &Site) -> TabId {
    let tab = app.open(&site.url("/login"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "welcome").await;
    tab
}

#[tokio::test]
async fn a_login_belongs_to_its_profile_until_it_is_carried_to_another() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let ann = log_in(&mut app, &site).await;
    create(&mut app, "Work").await;
    let work_tab = open_of(&mut app, "p1", &site.url("/who")).await;
    app.until_title(work_tab, NOBODY).await;
    let one = app.until_live(ann).await;
    let two = app.until_live(work_tab).await;
    assert_ne!(session(&one), session(&two));
    assert_eq!(profile(&app, "p1").colour, Colour::Green);

    let file = home.folder().join("ann.tar");
    let refused = work(&mut app, "default", json!({ "work": "clear" }), false).await;
    assert!(matches!(refused, Err(Problem::ProfileInUse { .. })));
    let export = json!({ "work": "export", "path": file });
    assert_eq!(done(&mut app, "default", export).await, None);
    let import = json!({ "work": "import", "path": file });
    assert_eq!(done(&mut app, "p1", import).await, None);
    // The tab has come back by itself, with somebody else's data.
    app.until_title(work_tab, ANN).await;

    app.navigate(ann, &site.url("/who")).await;
    app.until_title(ann, ANN).await;
    assert_eq!(
        done(&mut app, "default", json!({ "work": "clear" })).await,
        None
    );
    app.until_title(ann, NOBODY).await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_deleted_profile_leaves_no_tab_no_data_and_no_row() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    create(&mut app, "Work").await;
    let tab = open_of(&mut app, "p1", &site.url("/login")).await;
    app.until_title(tab, "welcome").await;
    assert_eq!(
        done(&mut app, "p1", json!({ "work": "delete" })).await,
        None
    );
    assert!(app.state.tabs.iter().all(|view| view.id != tab));
    app.quit().await;
    home.assert_nothing_left();
    let left = std::fs::read_dir(home.dirs.profiles()).unwrap().count();
    assert_eq!(left, 0, "neither its folder nor its lock");
    let mut again = home.app().await;
    let names: Vec<_> = again
        .state
        .profiles
        .iter()
        .map(|it| it.title.clone())
        .collect();
    assert_eq!(names, ["Default", "Private"]);
    create(&mut again, "Other").await;
    again.quit().await;
}

#[tokio::test]
async fn a_file_that_is_no_profile_says_so_and_changes_nothing() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let ann = log_in(&mut app, &site).await;
    let file = home.folder().join("letter.tar");
    std::fs::write(&file, "Dear aunt").unwrap();
    let import = json!({ "work": "import", "path": file });
    let fault = done(&mut app, "default", import).await;
    let path = file.display().to_string();
    assert_eq!(fault, Some(ProfileFault::NotOurs { path }));
    app.until_live(ann).await;
    app.navigate(ann, &site.url("/who")).await;
    app.until_title(ann, ANN).await;
    app.quit().await;
    home.assert_nothing_left();
}

/// A login in a private tab, and what of it is on the disk while it lasts.
async fn private(home: &Home, site: &Site) -> Vec<std::path::PathBuf> {
    let mut app = home.app().await;
    let tab = open_of(&mut app, "private", &site.url("/login")).await;
    app.until_title(tab, "welcome").await;
    let other = open_of(&mut app, "private", &site.url("/who")).await;
    app.until_title(other, ANN).await;
    let kept = entries(&home.dirs.profiles());
    app.act("close_tab", tab).await;
    app.act("close_tab", other).await;
    home.until_nothing_is_left().await;
    let again = open_of(&mut app, "private", &site.url("/who")).await;
    app.until_title(again, NOBODY).await;
    app.quit().await;
    kept
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(folder).into_iter().flatten();
    all.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_private_tab_leaves_nothing_and_the_next_one_knows_nobody() {
    let (home, site) = (Home::new(), Site::start().await);
    assert_eq!(
        private(&home, &site).await,
        [""; 0].map(std::path::PathBuf::from)
    );
    home.assert_nothing_left();
}

#[tokio::test]
async fn contained_private_tabs_have_no_volume() {
    let Some(home) = Home::contained() else {
        return;
    };
    let site = Site::of(&home).await;
    private(&home, &site).await;
    assert_eq!(home.profiles(), [""; 0]);
}

/// From a home where Ann is logged in to another one where nobody is.
async fn carry(from: &Home, to: &Home, site: &Site, file: &Path) {
    let mut app = from.app().await;
    app.open(&site.url("/who"), "streamed").await;
    let export = json!({ "work": "export", "path": file });
    assert_eq!(done(&mut app, "default", export).await, None);
    app.quit().await;
    let mut app = to.app().await;
    let import = json!({ "work": "import", "path": file });
    assert_eq!(done(&mut app, "default", import).await, None);
    let tab = app.open(&site.url("/who"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, ANN).await;
    app.quit().await;
}

#[tokio::test]
async fn contained_a_login_goes_from_a_process_to_a_container_and_back() {
    let Some(contained) = Home::contained() else {
        return;
    };
    let (one, three) = (Home::new(), Home::new());
    let site = Site::of(&contained).await;
    let mut app = one.app().await;
    log_in(&mut app, &site).await;
    app.quit().await;
    let (out, back) = (one.folder().join("out.tar"), one.folder().join("back.tar"));
    carry(&one, &contained, &site, &out).await;
    carry(&contained, &three, &site, &back).await;
    one.assert_nothing_left();
    contained.until_nothing_is_left().await;
    three.assert_nothing_left();
}
