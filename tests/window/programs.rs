//! Addresses that are other programs': the desktop opens them, if the person agrees.

use std::fs;
use std::process::Command;

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, within};
use serde_json::json;

use crate::room::{RED, fills, start};

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

#[tokio::test]
async fn a_link_to_a_mail_address_opens_the_program_for_it_when_the_person_agrees() -> Outcome<()> {
    // A desktop with one program, which hands on what it is given, and leaves a sign of itself.
    let desktop = tempfile::tempdir()?;
    let applications = desktop.path().join("applications");
    let [write, given, sign] = ["write", "given", "sign"].map(|name| desktop.path().join(name));
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

    let display = Display::start(1000, 700).await?;
    let site =
        ProbeSite::with(Router::new().route("/links", get(|| async { page("Links", BODY) })))
            .await?;
    let app = App::new()?;
    let home = desktop.path().display().to_string();
    let begins = start(&display)
        .variable("XDG_DATA_HOME", &home)
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
        assert!(!sign.exists(), "before it was agreed to");
        shell.click(&format!("[data-testid={button}]")).await?;
        shell.until(&format!("{ask} === null")).await?;
        if agrees {
            let there = within("the letter", tokio::fs::read_to_string(&given)).await??;
            assert_eq!(there, MAIL);
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
