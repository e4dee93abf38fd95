//! What a person waits for every day: the app's start.

use std::time::Instant;

use duotab_test_support::app::Start;
use duotab_test_support::{App, Display, Outcome};

use crate::Bench;
use crate::row::Row;

const STARTS: usize = 3;

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let display = Display::start(1280, 900).await?;
        let app = App::new()?;
        let began = Instant::now();
        let start = Start::new(env!("CARGO_BIN_EXE_duotab"), &display);
        let shell = app.open(&start).await?;
        shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        shell.close().await?;
    }
    let how = "from the app's start, by WebDriver and with its own, until the address bar of a new \
               install has the keyboard";
    bench.take(Row::median("start-to-address-bar", "ms", &times, how))
}
