//! The second engine of `tests/engine/run.sh`, which is as on another machine.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use duotab_core::node::NodeId;
use duotab_core::worker::{Worker, WorkerAddress};

/// The machine, and the cable to it.
#[derive(Clone, Debug)]
pub struct Far {
    /// Its address.
    pub address: IpAddr,
    /// The same, IPv6, if there is any here.
    pub address6: Option<IpAddr>,
    /// Where it finds this side.
    pub gateway: IpAddr,
    /// An image that behaves like Neko's, which is there.
    pub image: String,
    folder: PathBuf,
    program: PathBuf,
}

impl Far {
    /// The worker beside which this test runs. Where there is none the test has nothing to say,
    /// and this tells so.
    ///
    /// # Panics
    /// If only a part of what is to be known about it is known.
    #[must_use]
    pub fn here() -> Option<Self> {
        let Ok(program) = std::env::var("DUOTAB_TEST_WORKER") else {
            eprintln!("no worker here: `make test-workers` has one");
            return None;
        };
        let told = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        Some(Self {
            address: told("DUOTAB_TEST_WORKER_ADDRESS").parse().unwrap(),
            address6: std::env::var("DUOTAB_TEST_WORKER_ADDRESS6")
                .ok()
                .map(|address| address.parse().unwrap()),
            gateway: told("DUOTAB_TEST_WORKER_GATEWAY").parse().unwrap(),
            image: told("DUOTAB_TEST_IMAGE"),
            folder: told("DUOTAB_TEST_WORKER_FOLDER").into(),
            program: program.into(),
        })
    }

    /// As a worker of a person.
    #[must_use]
    pub fn worker(&self, address: WorkerAddress) -> Worker {
        Worker {
            id: NodeId("attic".to_owned()),
            name: "The attic".to_owned(),
            address,
        }
    }

    /// By TLS, with a folder of certificates: `client` is let in, `stranger` is not.
    #[must_use]
    pub fn tls(&self, certificates: &str) -> WorkerAddress {
        self.tls_at(self.address, certificates)
    }

    /// The folder of the certificates that it lets in.
    #[must_use]
    pub fn certificates(&self) -> String {
        self.folder.join("client").display().to_string()
    }

    /// The same at another of its addresses.
    #[must_use]
    pub fn tls_at(&self, address: IpAddr, certificates: &str) -> WorkerAddress {
        WorkerAddress::Tls {
            host: address.to_string(),
            port: 2376,
            certificates: self.folder.join(certificates).display().to_string(),
        }
    }

    /// By SSH under a name: `worker` is let in; `unknown`, `changed` and `stranger` are not.
    #[must_use]
    pub fn ssh(&self, name: &str) -> WorkerAddress {
        WorkerAddress::Ssh {
            destination: name.to_owned(),
            port: None,
            socket: None,
        }
    }

    /// Its engine's socket, there.
    #[must_use]
    pub fn socket(&self) -> String {
        self.folder.join("docker.sock").display().to_string()
    }

    /// Takes the cable out until the answer is dropped.
    #[must_use]
    pub fn cut(&self) -> Undo {
        self.order(&["cut"]);
        self.undo("mend")
    }

    /// Makes the cable one of 1 Gbit/s in both directions, until the answer is dropped.
    #[must_use]
    pub fn slow(&self) -> Undo {
        self.order(&["slow"]);
        self.undo("fast")
    }

    /// The folder of its engine's disk, which is its own.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk")
    }

    /// Loses all datagrams, and nothing else, until the answer is dropped.
    #[must_use]
    pub fn drop_datagrams(&self) -> Undo {
        self.order(&["drop"]);
        self.undo("pass")
    }

    /// Loses all that is sent to a port of this side's loopback, and back, until the answer is
    /// dropped.
    #[must_use]
    pub fn drop_all_to(&self, port: u16) -> Undo {
        let port = port.to_string();
        self.order(&["hush", &port]);
        Undo(self.program.clone(), vec!["speak".to_owned(), port])
    }

    /// The folder of the certificate that it shows.
    #[must_use]
    pub fn server_papers(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// Takes all of its engine's disk, until the answer is dropped.
    #[must_use]
    pub fn fill_disk(&self) -> Undo {
        self.order(&["fill"]);
        self.undo("empty")
    }

    /// SIGKILL for its engine, which is started again when the answer is dropped.
    #[must_use]
    pub fn kill(&self) -> Undo {
        self.order(&["kill"]);
        self.undo("start")
    }

    /// Its engine says nothing until the answer is dropped.
    #[must_use]
    pub fn freeze(&self) -> Undo {
        self.order(&["freeze"]);
        self.undo("thaw")
    }

    fn undo(&self, word: &'static str) -> Undo {
        Undo(self.program.clone(), vec![word.to_owned()])
    }

    /// What its engine's own client says there, line by line.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn docker(&self, arguments: &[&str]) -> Vec<String> {
        self.try_docker(arguments)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, for who must not panic.
    ///
    /// # Errors
    /// What it said instead.
    pub fn try_docker(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let said = self.try_order(&[&["docker"], arguments].concat())?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// Tells its engine's own client to do something that may be done already.
    pub fn tell(&self, arguments: &[&str]) {
        let mut client = Command::new(&self.program);
        let _ = client.arg("docker").args(arguments).output();
    }

    fn order(&self, words: &[&str]) {
        if let Err(why) = self.try_order(words) {
            panic!("{why}");
        }
    }

    fn try_order(&self, words: &[&str]) -> Result<String, String> {
        let out = Command::new(&self.program).args(words).output();
        let out = out.map_err(|error| format!("{words:?}: {error}"))?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&out.stderr);
        Err(format!("{words:?}: {said}"))
    }
}

/// Puts things right again when it is dropped.
#[derive(Debug)]
pub struct Undo(PathBuf, Vec<String>);

impl Drop for Undo {
    fn drop(&mut self) {
        let done = Command::new(&self.0).args(&self.1).status();
        if !done.is_ok_and(|it| it.success()) {
            eprintln!("{} {:?} failed", self.0.display(), self.1);
        }
    }
}
