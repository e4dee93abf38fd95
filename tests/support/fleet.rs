//! The Swarm of `tests/engine/run.sh`: three engines as on three other machines.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use duotab_core::node::NodeId;
use duotab_core::worker::{Worker, WorkerAddress};

use crate::worker::Far;

/// The Swarm, and the cables to its nodes.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The address of the node that manages it.
    pub manager: IpAddr,
    /// Where its nodes find this side.
    pub gateway: IpAddr,
    /// An image that behaves like Neko's, which is there.
    pub image: String,
    certificates: String,
    program: PathBuf,
    /// The ids of its nodes, in their order.
    ids: Vec<String>,
}

impl Fleet {
    /// The Swarm beside which this test runs. Where there is none the test has nothing to say, and
    /// this tells so.
    ///
    /// # Panics
    /// If only a part of what is to be known about it is known.
    #[must_use]
    pub fn here() -> Option<Self> {
        let Ok(program) = std::env::var("DUOTAB_TEST_FLEET") else {
            eprintln!("no Swarm here: `make test-workers` has one");
            return None;
        };
        let far = Far::here()?;
        let told = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let fleet = Self {
            manager: told("DUOTAB_TEST_FLEET_MANAGER").parse().unwrap(),
            gateway: told("DUOTAB_TEST_FLEET_GATEWAY").parse().unwrap(),
            certificates: far.certificates(),
            image: far.image,
            program: program.into(),
            ids: Vec::new(),
        };
        let id = |number| {
            let words = ["node", "inspect", "--format", "{{.ID}}", &name(number)];
            fleet.docker(1, &words).concat()
        };
        Some(Self {
            ids: (1..=3).map(id).collect(),
            ..fleet.clone()
        })
    }

    /// Its manager, as a worker of a person.
    #[must_use]
    pub fn worker(&self) -> Worker {
        Worker {
            id: NodeId("hall".to_owned()),
            name: "The hall".to_owned(),
            address: WorkerAddress::Tls {
                host: self.manager.to_string(),
                port: 2376,
                certificates: self.certificates.clone(),
            },
        }
    }

    /// The folder of the certificates that it lets in.
    #[must_use]
    pub fn certificates(&self) -> &str {
        &self.certificates
    }

    /// A node by its number, as the app knows it.
    #[must_use]
    pub fn node(&self, number: u8) -> NodeId {
        NodeId::member(&self.worker().id, &self.ids[usize::from(number) - 1])
    }

    /// Takes a node's cable out until the answer is dropped.
    #[must_use]
    pub fn cut(&self, number: u8) -> Undo {
        self.order(number, &["cut"]);
        Undo(self.program.clone(), number, "mend")
    }

    /// Loses all datagrams from the nodes, and nothing else, until the answer is dropped.
    #[must_use]
    pub fn drop_datagrams(&self) -> Undo {
        self.order(1, &["drop"]);
        Undo(self.program.clone(), 1, "pass")
    }

    /// SIGKILL for a node's engine, which is started again when the answer is dropped.
    #[must_use]
    pub fn kill(&self, number: u8) -> Undo {
        self.order(number, &["kill"]);
        Undo(self.program.clone(), number, "start")
    }

    /// What a node's engine's own client says there, line by line.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn docker(&self, number: u8, arguments: &[&str]) -> Vec<String> {
        self.try_docker(number, arguments)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    fn try_docker(&self, number: u8, arguments: &[&str]) -> Result<Vec<String>, String> {
        let said = self.try_order(number, &[&["docker"], arguments].concat())?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// Removes what has a label, after a failed test too: its memory stays promised on its node, and the
    /// tests that follow wait for its end. A volume stays that a container still has. Nothing here may
    /// fail once more.
    pub fn clear(&self, label: &str) {
        let ours = format!("label={label}");
        let kept = ["service", "config", "secret"].map(|what| (1, what, ["rm"].as_slice()));
        let volumes = [1, 2, 3].map(|node| (node, "volume", ["rm", "--force"].as_slice()));
        for (node, what, how) in kept.into_iter().chain(volumes) {
            let listed = self.try_docker(node, &[what, "ls", "--quiet", "--filter", &ours]);
            for it in listed.iter().flatten() {
                let _removed = self.try_docker(node, &[&[what], how, &[it.as_str()]].concat());
            }
        }
    }

    fn order(&self, number: u8, words: &[&str]) {
        if let Err(why) = self.try_order(number, words) {
            panic!("{why}");
        }
    }

    fn try_order(&self, number: u8, words: &[&str]) -> Result<String, String> {
        let mut program = Command::new(&self.program);
        let out = program.arg(number.to_string()).args(words).output();
        let out = out.map_err(|error| format!("{number} {words:?}: {error}"))?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&out.stderr);
        Err(format!("{number} {words:?}: {said}"))
    }
}

/// What a node is called in the Swarm.
#[must_use]
pub fn name(number: u8) -> String {
    format!("node{number}")
}

/// Puts things right again when it is dropped.
#[derive(Debug)]
pub struct Undo(PathBuf, u8, &'static str);

impl Drop for Undo {
    fn drop(&mut self) {
        let done = Command::new(&self.0)
            .arg(self.1.to_string())
            .arg(self.2)
            .status();
        if !done.is_ok_and(|it| it.success()) {
            eprintln!("{} {} {} failed", self.0.display(), self.1, self.2);
        }
    }
}
