//! A world of a test's own: a network that ends at this machine, names that lead into it, and an
//! authority for certificates that all programs in it trust.
//!
//! In it a test's sites have public addresses, the web's own ports, and certificates that need no
//! exception: what a page meets there is what it meets outside.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::Outcome;

/// Tells a test that is played in a world where its files are.
const FOLDER: &str = "DUOTAB_TEST_WORLD";

/// Addresses of the world, that of a stranger first. The strangers and the neighbour are here as well,
/// but the kernel speaks to them as to somebody else, by another address.
pub const PUBLIC: &str = "11.0.0.1";
/// Another one.
pub const PUBLIC_TOO: &str = "11.0.0.2";
/// One of the new kind.
pub const PUBLIC_V6: &str = "2600:1::1";
/// A machine of the home network.
pub const HOME: &str = "192.168.7.1";
/// This machine's own, which is anybody's to reach.
pub const OWN: &str = "11.0.0.9";
/// One of the new kind.
pub const OWN_V6: &str = "2600:2::9";
/// A neighbour's.
pub const NEIGHBOUR_V6: &str = "2600:2::5";

/// Where Debian's `GnuTLS` finds whom to trust.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the world and plays a program in it: `sh -c … sh FOLDER UID GID PROGRAM…`.
///
/// X servers have a folder of their own, for in two networks they may take the same number.
const BEGIN: &str = "set -eu
    folder=$1 user=$2 group=$3
    shift 3
    ip link set lo up
    for address in 192.168.7.1/32 192.168.7.254/32 11.0.0.9/32; do ip addr add $address dev lo; done
    for address in fd77::254 2600:2::9; do ip -6 addr add $address/128 dev lo nodad; done
    echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind
    for address in 11.0.0.1 11.0.0.2; do ip route add local $address dev lo src 192.168.7.254; done
    ip -6 route add local 2600:1::1 dev lo src fd77::254
    ip -6 route add local 2600:2::5 dev lo src 2600:2::9
    mount --bind \"$folder/hosts\" /etc/hosts
    mount --bind \"$folder/resolv.conf\" /etc/resolv.conf
    mount --bind \"$folder/trusted.pem\" /etc/ssl/certs/ca-certificates.crt
    mount -t tmpfs -o mode=1777 none /tmp/.X11-unix
    if [ \"$user\" = 0 ]; then exec \"$@\"; fi
    echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
    exec unshare --user --map-user=\"$user\" --map-group=\"$group\" -- \"$@\"";

/// A world that is not played in yet.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
}

impl World {
    /// A world with these names and the addresses that they have; certificates are for all of them.
    ///
    /// # Errors
    /// If its files cannot be written.
    pub fn new(names: &[(&str, &str)]) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("world").tempdir()?;
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text);
        let mut hosts = "127.0.0.1 localhost\n::1 localhost\n".to_owned();
        for (name, address) in names {
            hosts.push_str(&format!("{address} {name}\n"));
        }
        write("hosts", hosts.as_bytes())?;
        // Whoever asks a name server in this world asks the test.
        write(
            "resolv.conf",
            format!("nameserver {PUBLIC_TOO}\n").as_bytes(),
        )?;

        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "A test's own authority");
        let authority_key = KeyPair::generate()?;
        let root = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let mut subjects: Vec<String> = names.iter().map(|(name, _)| (*name).to_owned()).collect();
        subjects.extend([PUBLIC, PUBLIC_TOO, PUBLIC_V6].map(str::to_owned));
        let leaf = CertificateParams::new(subjects)?.signed_by(&key, &issuer)?;
        let mut trusted = std::fs::read_to_string(TRUSTED).unwrap_or_default();
        trusted.push_str(&root.pem());
        write("trusted.pem", trusted.as_bytes())?;
        write("site.der", leaf.der())?;
        write("site.key", &key.serialize_der())?;
        Ok(Self { folder })
    }

    /// Plays another test of this program in the world.
    ///
    /// # Errors
    /// If it fails, or no such world can be made here.
    pub async fn play(&self, test: &str) -> Outcome<()> {
        let played = self.run(["--ignored", "--exact", "--nocapture", test]);
        let failed = |error| format!("{test} in a world of its own: {error}").into();
        played.await.map_err(failed)
    }

    /// Whether this program runs in a world.
    #[must_use]
    pub fn is_here() -> bool {
        std::env::var_os(FOLDER).is_some()
    }

    /// Runs this program once more, in the world.
    ///
    /// # Errors
    /// If it fails, or no such world can be made here.
    pub async fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Outcome<()> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "unshare", "--net", "--mount"]);
        let root = rustix::process::getuid().is_root();
        if !root {
            command.arg("--map-root-user");
        }
        let status = command
            .args(["sh", "-c", BEGIN, "sh"])
            .arg(self.folder.path())
            .arg(rustix::process::getuid().as_raw().to_string())
            .arg(rustix::process::getgid().as_raw().to_string())
            .arg(std::env::current_exe()?)
            .args(arguments)
            .env(FOLDER, self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await?;
        if status.success() {
            Ok(())
        } else {
            Err(status.to_string().into())
        }
    }

    /// The settings of a server for TLS in the world that this test is played in.
    ///
    /// # Errors
    /// If it is not played in one.
    pub fn tls(protocols: &[&[u8]]) -> Outcome<TlsAcceptor> {
        let folder = std::env::var_os(FOLDER).ok_or("not played in a world of its own")?;
        let read = |name: &str| std::fs::read(PathBuf::from(&folder).join(name));
        let key = PrivateKeyDer::try_from(read("site.key")?)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(read("site.der")?)], key)?;
        config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
