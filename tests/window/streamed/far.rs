//! A streamed tab on another machine, by what a person clicks. Where no such machine is, there is
//! nothing to tell: `make test-workers` has one.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::worker::Far;
use duotab_test_support::{Colour, Display, Outcome, ProbeSite, SoundServer, within};
use serde_json::{Value, json};

use super::sounds::{TONE, loud};
use super::{DESK, LIVE, in_room, tells};
use crate::room::{RED, Room};

/// The ground of `/note` before anything is kept, and from then on.
const EMPTY: Colour = [0x20, 0x40, 0x80];
const KEPT: Colour = [0x80, 0x20, 0x60];

/// A page with a state of its own: a press of its button (40, 40, 200x80) is kept in the browser's
/// storage, and every load says what is kept.
async fn note() -> Html<String> {
    page(
        "Note",
        "<style>
            body { margin: 0; background: #204080; height: 100vh; overflow: hidden }
            body.kept { background: #802060 }
            button { position: absolute; left: 40px; top: 40px; width: 200px; height: 80px }
        </style>
        <button id=button>Keep a note</button>
        <script>
            const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
            const show = () => {
                const note = localStorage.getItem('note');
                document.body.classList.toggle('kept', note !== null);
                return tell({ note, engine });
            };
            document.getElementById('button').onclick = () => {
                localStorage.setItem('note', 'written on the worker');
                show();
            };
            show();
        </script>",
    )
}

/// The built app beside the worker, whose browsers reach the site, and a sound server.
async fn beside(
    far: &Far,
    sound: &SoundServer,
    test: impl AsyncFnOnce(&Room) -> Outcome<()>,
) -> Outcome<()> {
    let pages = Router::new()
        .route("/note", get(note))
        .route("/loud", get(loud));
    let site = ProbeSite::at(far.gateway, pages).await?;
    let variables = [
        ("DUOTAB_IMAGE", far.image.clone()),
        // The machine of the tests may have two, and the worker has no others.
        ("DUOTAB_WORKER_CORES", "1".to_owned()),
        sound.variable(),
    ];
    let display = Display::start(1280, 800).await?;
    in_room(display, site, &variables, test).await
}

/// Adds the machine in the settings, as a person does, and gives its id.
async fn add(room: &Room, far: &Far) -> Outcome<String> {
    room.display.press("ctrl+comma").await?;
    room.shell.click("[data-testid=settings-machines]").await?;
    room.shell.click("[data-testid=machine-new]").await?;
    for (field, text) in [
        ("address", format!("tcp://{}:2376", far.address)),
        ("certificates", far.certificates()),
        ("name", "The attic".to_owned()),
    ] {
        let field = format!("[data-testid=machine-{field}]");
        let element = room.shell.find(&field).await?;
        within("typing", element.send_keys(&text)).await??;
    }
    picture(room, "form").await?;
    room.shell.click("[data-testid=machine-add]").await?;
    let id = room
        .shell
        .until(
            "(() => {
                const ready = [...document.querySelectorAll('[data-testid=machine-ready]')]
                    .map((it) => it.closest('[data-testid^=machine-]:not(p)'))
                    .find((card) => card.innerText.includes('The attic'));
                const steps = ready.querySelectorAll('[data-state=good]');
                return steps.length === 6 && ready.dataset.testid.replace('machine-', '');
            })()",
        )
        .await?;
    picture(room, "machines").await?;
    room.display.press("Escape").await?;
    let id = id.as_str().ok_or("no id")?;
    Ok(id.to_owned())
}

/// Waits for a live picture with this colour in its middle: a screen there may be some pixels
/// narrower than the content area. Gives the content area.
async fn live(room: &Room, what: &str, ground: Colour) -> Outcome<[u32; 4]> {
    // A move ends one session, takes its profile along and starts another: several limits' worth.
    for _ in 0..2 {
        if room.shell.until(LIVE).await.is_ok() {
            break;
        }
    }
    room.shell.until(LIVE).await?;
    room.shown(what, ground).await
}

/// Has the tab in front run on a machine, by the menu behind the name of the one where it runs.
async fn run_on(room: &Room, machine: &str, ground: Colour) -> Outcome<[u32; 4]> {
    room.shell.click("[data-testid=node]").await?;
    room.shell
        .until(&format!(
            "document.querySelector('[data-testid=run-on-{machine}]')?.disabled === false"
        ))
        .await?;
    picture(room, &format!("menu-{machine}")).await?;
    room.shell
        .click(&format!("[data-testid=run-on-{machine}]"))
        .await?;
    room.shell
        .until("!document.querySelector('[data-testid=content][data-shows=live]')")
        .await?;
    picture(room, &format!("moving-{machine}")).await?;
    live(room, &format!("a picture from {machine}"), ground).await
}

/// The name behind which the menu of machines is.
async fn where_it_runs(room: &Room) -> Outcome<Value> {
    room.shell
        .value("document.querySelector('[data-testid=node]').innerText.trim()")
        .await
}

/// For the eyes of whoever sets `DUOTAB_TEST_PICTURES` to a folder.
async fn picture(room: &Room, name: &str) -> Outcome<()> {
    let Ok(folder) = std::env::var("DUOTAB_TEST_PICTURES") else {
        return Ok(());
    };
    // What was changed is painted with the next frame but one.
    let painted = "const [done] = arguments;
        requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
    let client = room.shell.client();
    within("a frame", client.execute_async(painted, vec![])).await??;
    room.display
        .look()?
        .save(format!("{folder}/far-{name}.png").as_ref())
}

/// The containers that the app has there.
fn containers(far: &Far) -> Vec<String> {
    let ours = "label=io.duotab.session";
    far.docker(&["ps", "--all", "--quiet", "--filter", ours])
}

/// Waits until nothing of the app runs there: the end of a container is told to nobody here.
async fn until_empty(far: &Far) -> Outcome<()> {
    let mut glance = tokio::time::interval(std::time::Duration::from_millis(500));
    within("the end of all containers", async {
        while !containers(far).is_empty() {
            glance.tick().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_tab_goes_to_a_machine_of_choice_and_comes_home_with_what_its_page_has_kept()
-> Outcome<()> {
    let Some(far) = Far::here() else {
        return Ok(());
    };
    let sound = SoundServer::start().await?;
    beside(&far, &sound, async |room| {
        let attic = add(room, &far).await?;
        room.open_tab("/note").await?;
        room.filled("the page in Proxy", EMPTY).await?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        live(room, "the picture from this machine", EMPTY).await?;
        tells(room, json!({ "note": null })).await?;

        let [x, y, ..] = run_on(room, &attic, EMPTY).await?;
        assert_eq!(where_it_runs(room).await?, "on The attic");
        assert_eq!(containers(&far).len(), 1);
        tells(room, json!({ "note": null })).await?;
        room.display.click(x + 140, y + 80, 1).await?;
        let kept = json!({ "note": "written on the worker" });
        tells(room, kept.clone()).await?;
        live(room, "the note on the worker", KEPT).await?;
        picture(room, "there").await?;

        run_on(room, "host", KEPT).await?;
        assert_eq!(where_it_runs(room).await?, "on this machine");
        tells(room, kept).await?;
        picture(room, "home").await?;
        until_empty(&far).await
    })
    .await?;
    assert_eq!(containers(&far), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_page_on_another_machine_is_heard_on_this_one_whatever_tab_is_in_front() -> Outcome<()> {
    let Some(far) = Far::here() else {
        return Ok(());
    };
    let sound = SoundServer::start().await?;
    beside(&far, &sound, async |room| {
        let attic = add(room, &far).await?;
        room.open_tab("/loud").await?;
        room.filled("the page in Proxy", DESK).await?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        live(room, "the picture from this machine", DESK).await?;
        let [x, y, ..] = run_on(room, &attic, DESK).await?;
        sound.falls_silent().await?;
        room.display.click(x + 140, y + 80, 1).await?;
        tells(room, json!({ "plays": true })).await?;
        sound.plays(TONE).await?;

        room.open_tab("/colour/cc1122").await?;
        room.filled("another tab", RED).await?;
        sound.plays(TONE).await?;
        room.display.press("ctrl+shift+Tab").await?;
        let [x, y, ..] = live(room, "the loud page again", DESK).await?;
        room.display.click(x + 140, y + 80, 1).await?;
        tells(room, json!({ "plays": false })).await?;
        sound.falls_silent().await
    })
    .await?;
    until_empty(&far).await
}
