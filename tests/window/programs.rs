//! Addresses that are other programs': the desktop opens them, if the person agrees.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, within};
use serde_json::json;
use tempfile::TempDir;

use crate::room::{RED, Room, fills, start};

const MAIL: &str = "mailto:ann@b.test?subject=The%20sea";

const BODY: &str = "<style>body { margin: 0; background: #cc1122 }
        a, button { position: absolute; left: 40px; width: 200px; height: 80px; border: 0;
            background: #204080 }</style>
    <a id=mail style='top: 40px' href='mailto:ann@b.test?subject=The%20sea'></a>
    <button style='top: 160px' onclick=\"window.open('nothing-here:1')\"></button>
    <script>
        const frame = document.createElement('iframe');
        frame.src = 'nothing-here:2';
        frame.style.display = 'none';
        document.body.append(frame);
    </script>";

/// The link alone.
const LINK: &str = "<style>body { margin: 0; background: #cc1122 }
        a { position: absolute; left: 40px; top: 40px; width: 200px; height: 80px;
            background: #204080 }</style>
    <a href='mailto:ann@b.test?subject=The%20sea'>Write</a>";

/// A desktop with one program, which hands on what it is given, and leaves a sign of itself.
struct Desktop {
    folder: TempDir,
    given: PathBuf,
    sign: PathBuf,
}

impl Desktop {
    fn new() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let applications = folder.path().join("applications");
        let [write, given, sign] = ["write", "given", "sign"].map(|name| folder.path().join(name));
        fs::create_dir(&applications)?;
        let made = Command::new("mkfifo").arg(&given).status()?;
        assert!(made.success());
        let (pipe, begun) = (given.display(), sign.display());
        let script = format!("touch {begun}\nprintf %s \"$1\" > {pipe}\n");
        fs::write(&write, script)?;
        fs::write(
            applications.join("letters.desktop"),
            format!(
                "[Desktop Entry]\nType=Application\nName=Letters\nExec=sh {} %u\n\
                 MimeType=x-scheme-handler/mailto;\n",
                write.display()
            ),
        )?;
        fs::write(
            applications.join("mimeapps.list"),
            "[Default Applications]\nx-scheme-handler/mailto=letters.desktop\n",
        )?;
        Ok(Self {
            folder,
            given,
            sign,
        })
    }

    /// What the program writes.
    async fn letter(&self) -> Outcome<String> {
        Ok(within("the letter", tokio::fs::read_to_string(&self.given)).await??)
    }

    fn home(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// A `PATH` with programs in front that open addresses for others, and leave a sign when they do.
    fn path(&self) -> Outcome<(String, PathBuf)> {
        let folder = self.folder.path().join("bin");
        let opened = self.folder.path().join("opened");
        fs::create_dir(&folder)?;
        for name in ["xdg-open", "xdg-email"] {
            let path = folder.join(name);
            fs::write(&path, format!("#!/bin/sh\ntouch {}\n", opened.display()))?;
            fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        // Chromium is another user's where the tests are root's.
        fs::set_permissions(self.folder.path(), Permissions::from_mode(0o777))?;
        let path = format!("{}:{}", folder.display(), std::env::var("PATH")?);
        Ok((path, opened))
    }
}

#[tokio::test]
async fn a_link_to_a_mail_address_opens_the_program_for_it_when_the_person_agrees() -> Outcome<()> {
    let desktop = Desktop::new()?;
    let display = Display::start(1000, 700).await?;
    let site =
        ProbeSite::with(Router::new().route("/links", get(|| async { page("Links", BODY) })))
            .await?;
    let app = App::new()?;
    let begins = start(&display)
        .variable("XDG_DATA_HOME", desktop.home())
        .argument(site.url("/links"));
    let shell = app.open(&begins).await?;
    let [x, y, ..] = shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    let ask = "document.querySelector('[data-testid=ask][data-question=program]')";

    // There is no program for it, which is said to whoever pressed something, and to nobody else.
    assert_eq!(shell.value(&format!("{ask} === null")).await?, json!(true));
    display.click(x + 140, y + 200, 1).await?;
    shell
        .until(&format!(
            "{ask}?.innerText.includes('no program here opens')"
        ))
        .await?;
    shell.click("[data-testid=ask-yes]").await?;
    shell.until(&format!("{ask} === null")).await?;

    for (button, agrees) in [("ask-no", false), ("ask-yes", true)] {
        shell
            .until_shown(&display, "the page", |picture, area| {
                fills(picture, area, RED)
            })
            .await?;
        display.click(x + 140, y + 80, 1).await?;
        shell
            .until(&format!(
                "{ask}?.innerText.includes('another program: Letters')
                 && {ask}.innerText.includes('{MAIL}')
                 && !document.querySelector('[data-testid={button}]').disabled"
            ))
            .await?;
        assert!(!desktop.sign.exists(), "before it was agreed to");
        shell.click(&format!("[data-testid={button}]")).await?;
        shell.until(&format!("{ask} === null")).await?;
        if agrees {
            assert_eq!(desktop.letter().await?, MAIL);
        }
    }
    // The page is where it was.
    shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    shell.close().await
}

#[tokio::test]
async fn a_link_to_a_mail_address_in_a_streamed_page_opens_the_program_of_this_desktop()
-> Outcome<()> {
    let desktop = Desktop::new()?;
    let (path, opened) = desktop.path()?;
    let display = Display::start(1000, 700).await?;
    let site =
        ProbeSite::with(Router::new().route("/mail", get(|| async { page("Mail", LINK) }))).await?;
    let app = App::new()?;
    let begins = start(&display)
        .variable("XDG_DATA_HOME", desktop.home())
        .variable("PATH", path)
        .argument(site.url("/mail"));
    let room = Room {
        shell: app.open(&begins).await?,
        app,
        site,
        display,
    };
    room.filled("the page", RED).await?;
    room.shell
        .click("[data-testid=mode-toggle-streamed]")
        .await?;
    room.shell
        .until("document.querySelector('[data-testid=content][data-shows=live]')")
        .await?;
    let [x, y, ..] = room.shown("the page, streamed", RED).await?;
    room.display.click(x + 140, y + 80, 1).await?;
    let ask = "document.querySelector('[data-testid=ask][data-question=program]')";
    room.shell
        .until(&format!(
            "{ask}?.innerText.includes('another program: Letters')
             && {ask}.innerText.includes('{MAIL}')
             && !document.querySelector('[data-testid=ask-yes]').disabled"
        ))
        .await?;
    assert!(!desktop.sign.exists(), "before it was agreed to");
    room.shell.click("[data-testid=ask-yes]").await?;
    assert_eq!(desktop.letter().await?, MAIL);
    room.shown("the page, streamed", RED).await?;
    assert!(
        !opened.exists(),
        "by Chromium, on a screen that nobody sees"
    );
    room.shell.quit().await
}
