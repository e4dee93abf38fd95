//! A cable with a speed of its own to a site in a network of its own: what a person has between this
//! machine and the next one. On loopback nothing but the processor sets the pace, and each program
//! on the way takes it from the others.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use duotab_test_support::{Outcome, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How fast the cable is: its name in the table, and as `tc` takes it. A Pi's, a newer PC's, and what
/// a busy machine hardly carries.
pub(crate) const SPEEDS: [(&str, &str); 3] =
    [("1g", "1gbit"), ("2.5g", "2500mbit"), ("10g", "10gbit")];

const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// The ends of the cable: in the network of the bench, and in the site's.
const ENDS: [(&str, &str); 2] = [("near", "10.77.0.1/30"), ("far", "10.77.0.2/30")];

/// The cable, and the site at its other end. Dropped, both go.
pub(crate) struct Link {
    site: Child,
    pub(crate) address: SocketAddr,
}

impl Link {
    /// Lays it, without a speed. Needs root, in a network that nobody else uses.
    pub(crate) async fn lay() -> Outcome<Self> {
        let mut site = Command::new("unshare")
            .arg("--net")
            .arg(std::env::current_exe()?)
            .arg("--site")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = site.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        let port = within("the site", lines.next_line()).await??;
        let port = port.ok_or("no network for the site")?.parse()?;
        let link = Self {
            site,
            address: SocketAddr::from((FAR, port)),
        };
        let pid = link.pid()?;
        let cable = "link add near type veth peer name far netns";
        run(&format!("ip {cable} {pid}")).await?;
        for (end, address) in ENDS {
            let inside = link.inside(end)?;
            run(&format!("{inside}ip addr add {address} dev {end}")).await?;
            run(&format!("{inside}ip link set {end} up")).await?;
        }
        Ok(link)
    }

    /// Sets its speed, in both directions.
    pub(crate) async fn set(&self, speed: &str) -> Outcome<()> {
        for (end, _) in ENDS {
            let inside = self.inside(end)?;
            // No packet is larger than the burst: none is cut for the shaper's sake.
            let shaper = format!("tbf rate {speed} burst 1mb latency 50ms");
            run(&format!("{inside}tc qdisc replace dev {end} root {shaper}")).await?;
        }
        Ok(())
    }

    fn pid(&self) -> Outcome<u32> {
        Ok(self.site.id().ok_or("the site has ended")?)
    }

    /// What a command begins with that is about this end.
    fn inside(&self, end: &str) -> Outcome<String> {
        Ok(match end {
            "far" => format!("nsenter --net --target {} ", self.pid()?),
            _ => String::new(),
        })
    }
}

async fn run(line: &str) -> Outcome<()> {
    let mut words = line.split(' ');
    let program = words.next().ok_or("no command")?;
    let output = Command::new(program).args(words).output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{line}: {}", said.trim()).into())
}
