//! Why a machine cannot be asked, as far as a person can do something about it.

use duotab_core::fault::EngineFault;
use duotab_core::worker::{WorkerAddress, WorkerCheck};

use crate::home::Home;

impl Home {
    async fn fault(&self, address: WorkerAddress) -> EngineFault {
        let check = self.runtime.check_worker(&self.far.worker(address)).await;
        match check {
            WorkerCheck::Away { fault } => fault,
            there @ WorkerCheck::Answers { .. } => panic!("{there:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ssh_does_not_let_through_is_named() {
    let Some(home) = Home::new("far-names") else {
        return;
    };
    let known = || std::fs::read_to_string("/root/.ssh/known_hosts").unwrap();
    let before = known();
    let ssh = |name: &str| home.fault(home.far.ssh(name));
    let host = |host: &str| host.to_owned();
    let unknown = EngineFault::HostUnknown {
        host: host("unknown"),
    };
    assert_eq!(ssh("unknown").await, unknown);
    let changed = EngineFault::HostKeyChanged {
        host: host("changed"),
    };
    assert_eq!(ssh("changed").await, changed);
    let stranger = EngineFault::NotAllowed {
        host: host("stranger"),
    };
    assert_eq!(ssh("stranger").await, stranger);
    let nowhere = ssh("nowhere.invalid").await;
    assert!(
        matches!(nowhere, EngineFault::Unreachable { .. }),
        "{nowhere:?}"
    );
    let socket = WorkerAddress::Ssh {
        destination: host("worker"),
        port: None,
        socket: Some(host("/nobody/here.sock")),
    };
    let nobody = home.fault(socket).await;
    let EngineFault::NotRunning { socket } = nobody else {
        panic!("{nobody:?}");
    };
    assert_eq!(socket, "worker:/nobody/here.sock");
    assert_eq!(known(), before, "no key is accepted for anybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tls_does_not_let_through_is_named() {
    let Some(home) = Home::new("far-papers") else {
        return;
    };
    let stranger = home.fault(home.far.tls("stranger")).await;
    assert!(
        matches!(stranger, EngineFault::NotAllowed { .. }),
        "{stranger:?}"
    );
    let without = home.fault(home.far.tls("nothing")).await;
    assert!(
        matches!(without, EngineFault::CertificateBad { .. }),
        "{without:?}"
    );
    let closed = WorkerAddress::Tls {
        host: home.far.address.to_string(),
        port: 1,
        certificates: match home.far.tls("client") {
            WorkerAddress::Tls { certificates, .. } => certificates,
            WorkerAddress::Ssh { .. } => String::new(),
        },
    };
    let closed = home.fault(closed).await;
    assert!(
        matches!(closed, EngineFault::Unreachable { .. }),
        "{closed:?}"
    );
}
