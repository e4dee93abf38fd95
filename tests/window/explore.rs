use crate::room::Room;
use duotab_test_support::Outcome;
use serde_json::json;
const STATE: &str = "JSON.stringify({addr: document.querySelector('[data-testid=address]')?.value, title: document.querySelector('[role=tab][aria-selected=true]')?.innerText.replaceAll('\\n','|'), mode: document.querySelector('[role=tab][aria-selected=true]')?.dataset.mode, problem: document.querySelector('[data-testid=problem]')?.innerText.replaceAll('\\n',' / '), sec: document.querySelector('[data-testid=security]')?.dataset.security, load: !!document.querySelector('[data-testid=loading],[role=progressbar]'), notice: document.querySelector('[data-testid=notice]')?.innerText, ask: document.querySelector('[data-testid^=ask]')?.innerText.replaceAll('\\n',' / ')})";
#[tokio::test]
async fn explore_odd() -> Outcome<()> {
    let room = Room::open().await?;
    let inputs = std::fs::read_to_string("/tmp/ex/inputs")?;
    let streamed = std::env::var("EX_STREAMED").is_ok();
    for (n, input) in inputs.lines().enumerate() {
        let tab = json!({ "input": input, "mode": "proxy", "background": false });
        match room.shell.invoke("open_tab", tab).await? {
            Ok(_) => {}
            Err(p) => {
                eprintln!("{n} {input}: REFUSED {p}");
                continue;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        eprintln!(
            "{n} P {input}: {}",
            room.shell.value(STATE).await?.as_str().unwrap_or("")
        );
        let _ = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!(
                "DISPLAY={} import -window root /tmp/ex/{n}p.png",
                room.display.name()
            ))
            .status();
        if streamed {
            room.shell
                .click("[data-testid=mode-toggle-streamed]")
                .await?;
            tokio::time::sleep(std::time::Duration::from_millis(if n == 0 {
                9000
            } else {
                4500
            }))
            .await;
            eprintln!(
                "{n} S {input}: {}",
                room.shell.value(STATE).await?.as_str().unwrap_or("")
            );
            let _ = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!(
                    "DISPLAY={} import -window root /tmp/ex/{n}s.png",
                    room.display.name()
                ))
                .status();
        }
        room.display.press("ctrl+w").await?;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    room.shell.close().await
}
