//! How fast a profile goes to another machine, against `scp` of the same folder by the same way.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use duotab_backend::dirs::Dirs;
use duotab_backend::runtime::data::Job;
use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, Runtime, RuntimeConfig};
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_test_support::Outcome;
use duotab_test_support::worker::Far;

use crate::row::{Report, Row, percentile};

const ROUNDS: usize = 3;
/// In each of them.
const MIB: u32 = 1024;
/// Profiles: what each has, in files, how many and of how many KiB.
const PROFILES: [(&str, &[(usize, usize)]); 2] = [
    ("usual", &[(24, 32 * 1024), (3 * 1024, 64), (16 * 1024, 4)]),
    ("large", &[(4, 256 * 1024)]),
];

pub(crate) async fn measure(far: &Far, report: &mut Report, folder: &Path) -> Outcome<()> {
    let place = tempfile::tempdir()?;
    let dirs = Dirs {
        data: place.path().join("data"),
        run: place.path().join("run"),
        shared: false,
    };
    let embedded = EmbeddedConfig::new("/nowhere/koneko".into(), &dirs, "bench-moved".to_owned());
    let profile = embedded.profiles_dir.join("default");
    let with = RuntimeConfig {
        choice: Choice::Embedded,
        embedded,
        docker: DockerConfig {
            image: far.image.clone(),
            surroundings: Surroundings::default(),
            ..DockerConfig::new("bench-moved".to_owned())
        },
    };
    let (runtime, mut news) = Runtime::new(with);
    tokio::spawn(async move { while news.recv().await.is_some() {} });
    let worker = far.worker(far.ssh("worker"));
    let there = worker.id.clone();
    runtime.use_workers(vec![worker]);
    for (name, files) in PROFILES {
        fill(&profile.join("Default"), files)?;
        // The image is there, and the way to it is known.
        moved(&runtime, &there).await?;
        for slow in [true, false] {
            let _cable = slow.then(|| far.slow());
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                theirs.push(speed(copied(far, &profile)?));
                ours.push(speed(moved(&runtime, &there).await?));
            }
            let name = format!("move-{name}{}", if slow { "-gigabit" } else { "" });
            for row in rows(&name, &ours, &theirs) {
                report.take(folder, row)?;
            }
        }
        fs::remove_dir_all(&profile)?;
    }
    Ok(())
}

fn rows(name: &str, ours: &[f64], theirs: &[f64]) -> [Row; 2] {
    let method = "a profile of 1 GiB, from the order until it counts there, by SSH; median";
    let speed = Row::median(name, "MiB/s", ours, method)
        .higher()
        .against("scp -r of it", Some(percentile(theirs, 50.0)));
    let parts: Vec<f64> = ours.iter().zip(theirs).map(|(it, scp)| it / scp).collect();
    let method = "the same as a part of what scp -r reached just before; median";
    let part = Row::median(&format!("{name}-of-scp"), "x", &parts, method).higher();
    [speed, part.goal(0.8)]
}

/// Without room for a pattern: nothing on the way may make it smaller.
fn fill(folder: &Path, files: &[(usize, usize)]) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    let mut state = 1_u64;
    let mut noise = vec![0; 256 << 20];
    for word in noise.chunks_exact_mut(8) {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        word.copy_from_slice(&state.to_be_bytes());
    }
    for (kind, (count, kib)) in files.iter().enumerate() {
        for number in 0..*count {
            let within = folder.join(format!("{kind}-{}", number % 16));
            fs::create_dir_all(&within)?;
            let from = (number * 4096) % (noise.len() - (kib << 10) + 1);
            let some = noise.get(from..from + (kib << 10)).unwrap_or(&noise);
            File::create(within.join(number.to_string()))?.write_all(some)?;
        }
    }
    Ok(())
}

fn speed(took: Duration) -> f64 {
    f64::from(MIB) / took.as_secs_f64()
}

/// What was written before is no load any more.
fn settle() -> Outcome<()> {
    if Command::new("sync").status()?.success() {
        return Ok(());
    }
    Err("sync has failed".into())
}

async fn moved(runtime: &Runtime, there: &NodeId) -> Outcome<Duration> {
    settle()?;
    let profile = ProfileName("default".to_owned());
    let began = Instant::now();
    let (here, job) = (NodeId::host(), Job::unwatched());
    let moving = runtime.move_profile(&profile, &here, there, job);
    moving.await.map_err(|error| error.to_string())?;
    let took = began.elapsed();
    if !runtime.drop_copy(&profile, there).await {
        return Err("the copy stays there".into());
    }
    Ok(took)
}

fn copied(far: &Far, folder: &Path) -> Outcome<Duration> {
    settle()?;
    let to = far.disk().join("copied");
    let began = Instant::now();
    let copied = Command::new("scp")
        .args(["-q", "-r"])
        .arg(folder)
        .arg(format!("worker:{}", to.display()))
        .status()?;
    let took = began.elapsed();
    if !copied.success() {
        return Err("scp has failed".into());
    }
    fs::remove_dir_all(&to)?;
    Ok(took)
}
