//! The network of a profile in the window: another way out, chosen in the settings and used at
//! once, and hosts on a block list.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use duotab_test_support::{App, Display, Outcome, Picture, ProbeSite, Shell, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::room::{BLUE, RED, fills, start};

/// Blue, unless it is asked to lead to a host of the list.
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Far away</title>\
    <body style='background:#1122cc'>";
const LEAD: &str = "<!doctype html><title>Lead</title>\
    <script>location.href = 'http://ads.example/'</script>";
/// Blue only where neither its banner is loaded nor its advert shown. It looks again every second.
const PAPER: &str = "<!doctype html><meta charset=utf-8><title>Paper</title>\
    <meta http-equiv=refresh content=1><body style='background:#1122cc'>\
    <div class=advert style='position:fixed;inset:0 50% 0 0;background:#cc1122'></div>\
    <script src='/banner/large.js'></script>";
/// Blue on the left without its banner, and on the right without what comes from the host on the list;
/// says when both have come or not.
const NEWS: &str = "<!doctype html><meta charset=utf-8><body style='background:#1122cc'>\
    <div id=tag style='position:fixed;inset:0 0 0 50%;background:#1122cc'></div>\
    <script>
        document.title = location.host;
        const load = (source) => new Promise((settled) => {
            const script = document.createElement('script');
            script.src = `${source}?${location.host}`;
            script.onload = script.onerror = settled;
            document.body.append(script);
        });
        Promise.all([load('/banner/large.js'), load('http://ads.example/tag')])
            .then(() => fetch(`/settled?${location.host}`));
    </script>";
const TAG: &str = "document.getElementById('tag').style.background = '#cc1122'";
const BANNER: &str = "document.body.style.background = '#cc1122'";
const ADS: &str = "<!doctype html><title>Ads</title><body style='background:#cc1122'>";

/// An HTTP proxy that is every site at once, and keeps which ones it was.
struct Exit {
    at: String,
    asked: Arc<watch::Sender<Vec<String>>>,
}

impl Exit {
    async fn start() -> Outcome<Self> {
        Self::start_for("").await
    }

    /// It lets in nobody who does not say this.
    async fn start_for(login: &'static str) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let at = listener.local_addr()?.to_string();
        let asked = Arc::new(watch::Sender::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, login, Arc::clone(&kept)));
            }
        });
        Ok(Self { at, asked })
    }

    fn was_asked_for(&self, target: &str) -> bool {
        self.asked.borrow().iter().any(|it| it == target)
    }

    fn forget(&self) {
        self.asked.send_replace(Vec::new());
    }

    /// Waits until it has been asked for this.
    async fn until_asked(&self, target: &str) -> Outcome<()> {
        let mut asked = self.asked.subscribe();
        let there = asked.wait_for(|asked| asked.iter().any(|it| it == target));
        within(target, there).await??;
        Ok(())
    }
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn answer(
    mut stream: TcpStream,
    login: &str,
    asked: Arc<watch::Sender<Vec<String>>>,
) -> Option<()> {
    let connect = head(&mut stream).await?;
    if !connect.contains(login) {
        let who = b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(who).await.ok();
    }
    let target = connect.strip_prefix("CONNECT ")?.split(' ').next()?;
    asked.send_modify(|all| all.push(target.to_owned()));
    let opened = b"HTTP/1.1 200 Connected\r\n\r\n";
    stream.write_all(opened).await.ok()?;
    loop {
        let request = head(&mut stream).await?;
        let path = request.split(' ').nth(1)?;
        asked.send_modify(|all| all.push(path.to_owned()));
        let (kind, body) = match path {
            _ if path.starts_with("/tag?") => ("javascript", TAG),
            _ if target == "ads.example:80" => ("html", ADS),
            "/lead" => ("html", LEAD),
            "/paper" => ("html", PAPER),
            _ if path.starts_with("/news?") => ("html", NEWS),
            _ if path.starts_with("/banner/") => ("javascript", BANNER),
            _ => ("html", PAGE),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/{kind}\r\nCache-Control: no-store\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

const SETTINGS: &str = "[data-testid=settings]";

fn of_default(part: &str) -> String {
    format!("[data-testid=network-default] [data-testid={part}]")
}

async fn choose(shell: &Shell, part: &str, value: &str) -> Outcome<()> {
    let select = shell.find(&of_default(part)).await?;
    select.select_by_value(value).await?;
    Ok(())
}

fn blue(picture: &Picture, area: [u32; 4]) -> bool {
    fills(picture, area, BLUE)
}

#[tokio::test]
async fn a_profile_goes_by_another_proxy_as_soon_as_the_settings_say_so() -> Outcome<()> {
    let display = Display::start(1000, 900).await?;
    let exit = Exit::start().await?;
    let app = App::new()?;
    let far = "http://far.example/";
    let shell = app.open(&start(&display).argument(far)).await?;
    // There is no such name, and no way to anybody who would know it.
    shell.find("[data-testid=problem]").await?;

    shell.click(SETTINGS).await?;
    choose(&shell, "network-exit", "http").await?;
    let at = shell.find(&of_default("network-exit-at")).await?;
    at.send_keys("127.0.0.1").await?;
    shell.click(&of_default("network-save")).await?;
    // What is missing is said where it is missing.
    shell
        .until("document.querySelector('[data-testid=network-exit-text]').textContent.includes('port is missing')")
        .await?;
    let at = shell.find(&of_default("network-exit-at")).await?;
    at.clear().await?;
    at.send_keys(&exit.at).await?;
    shell.click(&of_default("network-save")).await?;
    shell
        .until("document.querySelector('[data-testid=network-saved]').textContent !== ''")
        .await?;
    shell.click(SETTINGS).await?;
    shell.click("[data-testid=problem-action-retry]").await?;
    shell
        .until_shown(&display, "the page by the proxy", blue)
        .await?;
    assert!(exit.was_asked_for("far.example:80"));
    shell.close().await?;

    // It is what was left, at the next start.
    let shell = app.open(&start(&display)).await?;
    shell
        .until_shown(&display, "the page once more", blue)
        .await?;
    shell.click(SETTINGS).await?;
    let shown = format!(
        "document.querySelector('{}')?.value === '{}'",
        of_default("network-exit-at"),
        exit.at
    );
    shell.until(&shown).await?;
    shell.close().await
}

#[tokio::test]
async fn a_proxy_that_asks_who_comes_is_told_and_nobody_else_is() -> Outcome<()> {
    let display = Display::start(1000, 900).await?;
    // me:hush
    let exit = Exit::start_for("Basic bWU6aHVzaA==").await?;
    let app = App::new()?;
    let far = "http://far.example/";
    let shell = app.open(&start(&display).argument(far)).await?;
    shell.find("[data-testid=problem]").await?;

    shell.click(SETTINGS).await?;
    choose(&shell, "network-exit", "socks5").await?;
    choose(&shell, "network-exit", "http").await?;
    let at = shell.find(&of_default("network-exit-at")).await?;
    at.send_keys(&exit.at).await?;
    save(&shell).await?;
    shell.click(SETTINGS).await?;
    shell.click("[data-testid=problem-action-retry]").await?;
    let closed = "document.querySelector('[data-testid=problem]')?.textContent.includes('does not let it in')";
    shell.until(closed).await?;

    shell.click(SETTINGS).await?;
    for (field, text) in [("user", "me"), ("password", "hush")] {
        let field = of_default(&format!("network-exit-{field}"));
        shell.find(&field).await?.send_keys(text).await?;
    }
    save(&shell).await?;
    // It is not in the window any more.
    let kept = format!(
        "(({{ value, placeholder }}) => value === '' && placeholder === 'Password is saved')
            (document.querySelector('{}') ?? {{}})",
        of_default("network-exit-password")
    );
    shell.until(&kept).await?;
    shell.click(SETTINGS).await?;
    shell.click("[data-testid=problem-action-retry]").await?;
    shell
        .until_shown(&display, "the page by the proxy", blue)
        .await?;
    shell.close().await?;

    let shell = app.open(&start(&display)).await?;
    shell
        .until_shown(&display, "the page once more", blue)
        .await?;
    shell.click(SETTINGS).await?;
    shell.until(&kept).await?;
    shell.click(&of_default("network-password-drop")).await?;
    save(&shell).await?;
    shell
        .until(&format!(
            "!document.querySelector('{}')",
            of_default("network-password-drop")
        ))
        .await?;
    shell.click(SETTINGS).await?;
    shell.click("[data-testid=reload]").await?;
    shell.until(closed).await?;
    shell.close().await
}

async fn save(shell: &Shell) -> Outcome<()> {
    shell.click(&of_default("network-save")).await?;
    shell
        .until("document.querySelector('[data-testid=network-saved]').textContent !== ''")
        .await?;
    Ok(())
}

const LIST: &str = "||ads.example^\n/banner/*\nfar.example##.advert\n";

/// The settings, in which the profile goes by the exit and keeps to [`LIST`].
async fn block(shell: &Shell, exit: &Exit, list: &ProbeSite) -> Outcome<()> {
    shell.click(SETTINGS).await?;
    choose(shell, "network-exit", "http").await?;
    let at = shell.find(&of_default("network-exit-at")).await?;
    at.send_keys(&exit.at).await?;
    shell.click(&of_default("network-blocking")).await?;
    shell.click(&of_default("network-save")).await?;
    let url = shell.find("[data-testid=list-url]").await?;
    url.send_keys(&list.url("/list")).await?;
    shell.click("[data-testid=list-add]").await?;
    shell
        .until("[...document.querySelectorAll('[data-testid=list]')].some((list) => list.textContent.includes('1 host'))")
        .await?;
    shell.click(SETTINGS).await
}

async fn list() -> Outcome<ProbeSite> {
    ProbeSite::with(Router::new().route("/list", get(|| async { LIST }))).await
}

async fn open_tab(shell: &Shell, input: &str) -> Outcome<()> {
    let wish = serde_json::json!({ "input": input, "mode": "proxy", "background": false });
    let opened = shell.invoke("open_tab", wish).await?;
    opened.map_err(|problem| format!("{problem}"))?;
    Ok(())
}

#[tokio::test]
async fn what_a_list_says_of_a_page_is_not_loaded_and_not_shown_while_the_profile_blocks()
-> Outcome<()> {
    let (list, exit) = (list().await?, Exit::start().await?);
    let display = Display::start(1000, 1000).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display)).await?;
    block(&shell, &exit, &list).await?;
    open_tab(&shell, "http://far.example/paper").await?;
    // The page is there before its rules are, and again and again.
    shell
        .until_shown(&display, "the page without its adverts", blue)
        .await?;
    // What was under way is over once the page is asked for again.
    for _ in 0..2 {
        exit.forget();
        exit.until_asked("/paper").await?;
    }
    assert!(!exit.was_asked_for("/banner/large.js"));

    // It is as it was at the next start, from what was compiled before.
    shell.close().await?;
    let shell = app.open(&start(&display)).await?;
    shell
        .until_shown(&display, "the page at the next start", blue)
        .await?;

    shell.click(SETTINGS).await?;
    shell.click(&of_default("network-blocking")).await?;
    shell.click(&of_default("network-save")).await?;
    shell.click(SETTINGS).await?;
    shell
        .until_shown(&display, "the page with all of it", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    shell.close().await
}

#[tokio::test]
async fn a_page_of_a_host_on_a_block_list_says_so_and_can_be_opened_all_the_same() -> Outcome<()> {
    let (list, exit) = (list().await?, Exit::start().await?);
    let display = Display::start(1000, 1000).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display)).await?;
    block(&shell, &exit, &list).await?;
    open_tab(&shell, "http://far.example/lead").await?;
    shell
        .until("document.querySelector('[data-testid=problem]')?.textContent.includes('ads.example is on a block list')")
        .await?;
    assert!(!exit.was_asked_for("ads.example:80"));
    shell.click("[data-testid=problem-action-anyway]").await?;
    shell
        .until_shown(&display, "the page all the same", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    shell.close().await
}

/// Ticks the box of the site in front that excepts it from the lists, or takes the tick away, and loads
/// it again.
async fn except(shell: &Shell) -> Outcome<()> {
    shell.click("[data-testid=security]").await?;
    shell.click("[data-testid=site-unblocked]").await?;
    shell.click("[data-testid=site-close]").await?;
    shell.click("[data-testid=reload]").await
}

#[tokio::test]
async fn a_site_that_is_excepted_gets_what_the_lists_name_and_no_other_site_does() -> Outcome<()> {
    let (list, exit) = (list().await?, Exit::start().await?);
    let display = Display::start(1000, 1000).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display)).await?;
    let red = |picture: &Picture, area| fills(picture, area, RED);
    block(&shell, &exit, &list).await?;
    open_tab(&shell, "http://near.example/news?near").await?;
    exit.until_asked("/settled?near.example").await?;
    open_tab(&shell, "http://far.example/news?far").await?;
    exit.until_asked("/settled?far.example").await?;
    shell
        .until_shown(&display, "the page without what is listed", blue)
        .await?;
    except(&shell).await?;
    shell
        .until_shown(&display, "the page with all of it", red)
        .await?;

    // While it is there the proxy opens the host; the other page's engine keeps it from that one, once
    // it has the rule.
    shell.click_tab("near.example").await?;
    let kept = async {
        loop {
            exit.forget();
            shell.click("[data-testid=reload]").await?;
            exit.until_asked("/settled?near.example").await?;
            assert!(!exit.was_asked_for("/banner/large.js?near.example"));
            if !exit.was_asked_for("/tag?near.example") {
                return Outcome::Ok(());
            }
        }
    };
    within("the other site's page to be kept from the host", kept).await??;
    shell
        .until_shown(&display, "the other site's page as it was", blue)
        .await?;

    // It is as it was at the next start, from the first load on.
    shell.close().await?;
    let shell = app.open(&start(&display)).await?;
    shell
        .until_shown(&display, "the other site's page again", blue)
        .await?;
    shell.click_tab("far.example").await?;
    shell
        .until_shown(&display, "the page with all of it again", red)
        .await?;
    exit.forget();
    except(&shell).await?;
    exit.until_asked("/settled?far.example").await?;
    assert!(!exit.was_asked_for("/tag?far.example"));
    shell
        .until_shown(&display, "the page without it again", blue)
        .await?;
    shell.close().await
}
