//! What keeps a browser in, asked of the engine and of the kernel.

use duotab_core::streaming::Limit;

use crate::home::Home;

/// Command lines and environments of all processes, as `ps axeww` shows them.
fn processes() -> String {
    let mut seen = String::new();
    for process in std::fs::read_dir("/proc").unwrap() {
        let process = process.unwrap().path();
        for what in ["cmdline", "environ"] {
            // It may have ended meanwhile.
            let said = std::fs::read(process.join(what)).unwrap_or_default();
            seen.push_str(&String::from_utf8_lossy(&said));
            seen.push('\n');
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_shows_nowhere_that_others_look() {
    let Some(home) = Home::new("fence-secret") else {
        return;
    };
    let endpoint = home.start(1).await.unwrap();
    let password = endpoint.password.expose();
    let container = home.container();
    for look in ["inspect", "logs"] {
        let seen = home.engine.docker(&[look, &container]).join("\n");
        assert!(!seen.contains(password), "docker {look}");
    }
    // All that root sees of processes, which are the container's too.
    let seen = processes();
    assert!(seen.contains("/usr/bin/neko") && !seen.contains(password));
    assert_eq!(home.run("stat -c %U:%a /etc/neko/neko.yaml"), ["neko:400"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_has_its_own_sandbox_and_no_rights_besides() {
    let Some(home) = Home::new("fence-rights") else {
        return;
    };
    home.start(1).await.unwrap();
    assert_eq!(
        home.run_beside_page("cat /tmp/duotab-sandbox"),
        ["namespaces"]
    );
    // Of all processes of the browser: who it is, what it may ever be, and that calls are sifted.
    let status = "for pid in $(pgrep -f ^/usr/lib/chromium/chromium); do \
                  grep -E '^(Uid|CapPrm|NoNewPrivs|Seccomp):' /proc/$pid/status; done | sort -u";
    let seen = home.run(status).join("\n");
    assert!(seen.contains("NoNewPrivs:\t1") && !seen.contains("NoNewPrivs:\t0"));
    assert!(seen.contains("Seccomp:\t2") && !seen.contains("Seccomp:\t0"));
    assert!(!seen.contains("Uid:\t0"), "{seen}");
    let zygote = home.run("tr '\\0' ' ' </proc/$(pgrep -f -o ^/usr/lib.*type=zygote)/cmdline");
    assert!(!zygote.join(" ").contains("no-sandbox"), "{zygote:?}");
    // A page's process has a number in a namespace of its own besides the container's.
    let numbers = home.run(
        "for pid in $(pgrep -f ^/usr/lib.*type=renderer); do grep NSpid /proc/$pid/status; done; true",
    );
    assert!(!numbers.is_empty());
    for numbers in numbers {
        assert!(numbers.split_whitespace().count() > 2, "{numbers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_ports_are_what_was_promised() {
    let Some(mut home) = Home::new("fence-limits") else {
        return;
    };
    home.start(1).await.unwrap();
    // A limit is set, or it is told that it is not. Only an engine without rights may lack some.
    let told = home.unlimited();
    let engine = std::env::var("ENGINE").unwrap_or_default();
    assert!(
        told.is_empty() || engine.starts_with("rootless"),
        "{told:?}"
    );
    let ask = |what: &str| {
        let format = format!("{{{{{what}}}}}");
        home.engine
            .docker(&["inspect", "--format", &format, &home.container()])
            .join("\n")
    };
    let memory = ask(".HostConfig.Memory") == (1024_u64 << 20).to_string();
    let processes = ask(".HostConfig.PidsLimit") == "4096";
    let processor = ask(".HostConfig.NanoCpus") != "0";
    for (limit, is_set) in [
        (Limit::Memory, memory),
        (Limit::Processor, processor),
        (Limit::Processes, processes),
    ] {
        assert_eq!(is_set, !told.contains(&limit), "{limit:?}");
    }
    assert_eq!(ask(".HostConfig.Privileged"), "false");
    assert_eq!(ask("range .Mounts}}{{.Type}}{{end"), "volume");
    // What the first process may ever do: give files away, end others, become somebody else. The
    // last one is Podman's way to a browser's sandbox.
    let (chown, kill, setgid, setuid, chroot) = (1 << 0, 1 << 5, 1 << 6, 1 << 7, 1 << 18);
    let bound = home.run("grep CapBnd /proc/1/status");
    let bound = bound[0].trim_start_matches("CapBnd:").trim();
    let bound = u64::from_str_radix(bound, 16).unwrap();
    assert_eq!(bound & !chroot, chown | kill | setgid | setuid);
    let published = ask("json .NetworkSettings.Ports");
    assert!(
        !published.contains("0.0.0.0") && !published.contains("::"),
        "{published}"
    );
    assert!(!published.contains("9222"), "page control is published");
}
