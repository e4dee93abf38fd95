//! The way to the first frame, by the app's own way from a command on, each stage of it.

use std::path::Path;
use std::time::Instant;

use duotab_test_support::Outcome;
use duotab_test_support::engine::Engine;

use crate::clock::{self, PICTURE, START, Stage, WAKE};
use crate::install::bare_start;
use crate::life::{Kept, Life};
use crate::ms;
use crate::row::{Report, Row, percentile};

const ROUNDS: usize = 7;

/// Milliseconds of each round.
#[derive(Default)]
pub(crate) struct Ways {
    /// Of each stage.
    stages: Vec<Vec<f64>>,
    /// To the first frame.
    pub(crate) frame: Vec<f64>,
    /// To a tab that is live, its picture in the view.
    live: Vec<f64>,
}

impl Ways {
    /// Takes down a way that began then and has come to its end.
    pub(crate) fn take(&mut self, began: Instant, stages: &[Stage]) -> Outcome<()> {
        self.live.push(ms(began.elapsed()));
        let split = clock::split(began, stages)?;
        self.frame.push(split.iter().sum());
        self.stages.resize(stages.len(), Vec::new());
        for (all, one) in self.stages.iter_mut().zip(split) {
            all.push(one);
        }
        Ok(())
    }

    async fn open(&mut self, life: &mut Life, stages: &[Stage]) -> Outcome<()> {
        let began = Instant::now();
        life.open().await?;
        self.take(began, stages)
    }

    /// Each stage's row; `name` is the way's.
    pub(crate) fn rows(&self, name: &str, stages: &[Stage]) -> Vec<Row> {
        let all = stages.iter().zip(&self.stages);
        all.map(|((stage, end), samples)| {
            let method = format!("from the stage before until «{end}»; median");
            Row::median(&format!("{name}-{stage}"), "ms", samples, &method)
        })
        .collect()
    }
}

pub(crate) async fn measure(engine: &Engine, report: &mut Report, folder: &Path) -> Outcome<()> {
    let kept = Kept::new()?;
    // The image is fetched and the profile made before anything is timed.
    let mut life = Life::begin(engine, &kept, false).await?;
    life.open().await?;
    life.end().await?;
    let cold_way: Vec<Stage> = START.into_iter().chain(PICTURE).collect();
    let wake_way: Vec<Stage> = WAKE.into_iter().chain(PICTURE).collect();
    let (mut cold, mut wake, mut ready) = (Ways::default(), Ways::default(), Ways::default());
    let (mut bare, mut over, mut served) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        bare.push(ms(bare_start(engine).await?));
        let mut life = Life::begin(engine, &kept, false).await?;
        cold.open(&mut life, &cold_way).await?;
        over.push(cold.frame[round] - bare[round]);
        let serves: f64 = cold.stages[..START.len()].iter().map(|it| it[round]).sum();
        served.push(serves);
        life.sleep(engine).await?;
        let began = Instant::now();
        life.wake().await?;
        wake.take(began, &wake_way)?;
        life.end().await?;
        let mut life = Life::begin(engine, &kept, true).await?;
        ready.open(&mut life, &PICTURE).await?;
        life.end().await?;
    }
    let bare_median = Some(percentile(&bare, 50.0));
    let against = "docker run of the same image until /health";
    let mut rows = cold.rows("container-cold", &cold_way);
    rows.extend(wake.rows("container-wake", &wake_way));
    rows.extend(ready.rows("container-standby", &PICTURE));
    rows.extend([
        Row::median(
            "container-start",
            "ms",
            &served,
            "from the command until Neko lets in; the image is there; median",
        )
        .against(against, bare_median),
        Row::median(
            "container-start-over",
            "ms",
            &pairs(&served, &bare),
            "the same less what docker run took just before, pair by pair; median",
        ),
        Row::median(
            "container-first-frame-cold",
            "ms",
            &cold.frame,
            "from the command until the first whole frame; median",
        )
        .against(against, bare_median),
        Row::median(
            "container-first-frame-over",
            "ms",
            &over,
            "the same less what docker run took just before, pair by pair; median",
        )
        .goal(300.0),
        Row::median(
            "container-live-cold",
            "ms",
            &cold.live,
            "the same until the page can be controlled too; median",
        ),
        Row::median(
            "container-first-frame-wake",
            "ms",
            &wake.frame,
            "from the command until the first whole frame, of an engine that was asleep; median",
        )
        .goal(500.0),
        Row::median(
            "container-live-wake",
            "ms",
            &wake.live,
            "the same until the page can be controlled too; median",
        )
        .goal(500.0),
        Row::median(
            "container-first-frame-standby",
            "ms",
            &ready.frame,
            "from the command until the first whole frame, with an engine that was kept ready",
        )
        .goal(1000.0)
        .against("cold", Some(percentile(&cold.frame, 50.0))),
        Row::median(
            "container-live-standby",
            "ms",
            &ready.live,
            "the same until the page can be controlled too; median",
        ),
    ]);
    for row in rows {
        report.take(folder, row)?;
    }
    Ok(())
}

pub(crate) fn pairs(all: &[f64], less: &[f64]) -> Vec<f64> {
    all.iter().zip(less).map(|(all, less)| all - less).collect()
}
