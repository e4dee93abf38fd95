//! The door's own program, with Python, and what it lets in.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::papers::{self, Papers};
use super::*;
use crate::endpoint::Secret;

const PROGRAM: &str = include_str!("../files/gate.py");
/// Python takes a moment to begin.
const LIMIT: Duration = Duration::from_secs(20);

struct Door {
    home: tempfile::TempDir,
    papers: Papers,
    port: u16,
    program: Child,
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Door {
    /// With all that the program finds in a container in a folder here.
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let (papers, to_door) = papers::make(Secret::new("word")).unwrap();
        std::fs::write(at("papers"), to_door.expose()).unwrap();
        let place = format!("{}/", home.path().display());
        let program = PROGRAM.replace("/tmp/", &place);
        std::fs::write(at("gate.py"), program).unwrap();
        let port = duotab_test_support::socket::spare_port().unwrap();
        let program = Command::new("python3")
            .arg("-I")
            .arg(at("gate.py"))
            .arg(port.to_string())
            .arg(at("papers"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let door = Self {
            home,
            papers,
            port,
            program,
        };
        let opens = async {
            while !door.gate(&door.papers).opens().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(LIMIT, opens).await.expect("it opens");
        door
    }

    fn gate(&self, papers: &Papers) -> Gate {
        Gate::new(Ipv4Addr::LOCALHOST.into(), self.port, papers).unwrap()
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    /// What is answered to one question of a beat, if anything is.
    async fn beat(&self, papers: &Papers) -> io::Result<u8> {
        let mut opened = self.gate(papers).keep().await?;
        opened.write_all(b"?").await?;
        opened.read_u8().await
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn the_door_opens_for_its_own_papers_and_for_no_others() {
    let door = Door::open().await;
    assert_eq!(door.beat(&door.papers).await.unwrap(), b'a');
    assert!(door.at("duotab-lease").exists(), "whoever asks holds it");
    write(&door.at("duotab-asleep"), "");
    assert_eq!(door.beat(&door.papers).await.unwrap(), b's');
    let (strange, _) = papers::make(Secret::new("word")).unwrap();
    // Another door has been set in its place, or another person stands before it.
    assert!(door.beat(&strange).await.is_err());
    let other_person = door.papers.with_the_own_of(&strange);
    assert!(door.beat(&other_person).await.is_err());
    let other_door = strange.with_the_own_of(&door.papers);
    assert!(door.beat(&other_door).await.is_err());
    // And without any papers.
    let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, door.port))
        .await
        .unwrap();
    plain.write_all(b"keep\n?").await.unwrap();
    let mut said = Vec::new();
    let _ = timeout(LIMIT, plain.read_to_end(&mut said)).await.unwrap();
    assert!(
        !said.contains(&b'a') || said[0] == 0x15,
        "a TLS alert at most"
    );
}

#[tokio::test]
async fn a_program_behind_it_takes_what_is_sent_says_what_it_says_and_ends_with_its_connection() {
    let door = Door::open().await;
    let gate = door.gate(&door.papers);
    let said = gate
        .ask(&["printf", "%s|", "a b", "\"c\"", "ü\n"], LIMIT)
        .await;
    assert_eq!(said.unwrap(), "a b|\"c\"|ü\n|");
    let archive = vec![7; 3 << 20];
    let mut sums = gate
        .run(&["/bin/bash", "-c", "head -c 3145728 | cksum"])
        .await
        .unwrap();
    sums.write_all(&archive).await.unwrap();
    sums.flush().await.unwrap();
    let mut sum = String::new();
    timeout(LIMIT, sums.read_to_string(&mut sum))
        .await
        .unwrap()
        .unwrap();
    assert!(sum.ends_with(" 3145728\n"), "{sum}");
    // What nobody listens to any more is killed.
    let script = "sleep 1000 & echo $!; wait";
    let mut sleeper = gate.run(&["/bin/bash", "-c", script]).await.unwrap();
    let mut pid = [0; 8];
    let read = timeout(LIMIT, sleeper.read(&mut pid))
        .await
        .unwrap()
        .unwrap();
    let pid = String::from_utf8_lossy(&pid[..read]).trim().to_owned();
    let process = std::path::PathBuf::from(format!("/proc/{pid}"));
    assert!(process.exists());
    drop(sleeper);
    let gone = async {
        // Nobody need have buried it yet.
        while std::fs::read(process.join("cmdline")).is_ok_and(|it| !it.is_empty()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, gone).await.expect("it is killed");
}

#[tokio::test]
async fn a_port_behind_it_is_reached_as_soon_as_somebody_listens() {
    let door = Door::open().await;
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut there = door.gate(&door.papers).port(port).await.unwrap();
    there.write_all(b"hello").await.unwrap();
    let listener = silent.listen(1).unwrap();
    let (mut here, _) = timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
    let mut said = [0; 5];
    timeout(LIMIT, here.read_exact(&mut said))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&said, b"hello");
    here.write_all(b"and back").await.unwrap();
    drop(here);
    let mut back = String::new();
    timeout(LIMIT, there.read_to_string(&mut back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back, "and back");
}
