//! The dialog on a bus of the test's own, where the test is the desktop.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use gtk::gio::{DBusCallFlags, DBusConnectionFlags, DBusNodeInfo};
use gtk::glib::MainContext;

use super::*;

const INTERFACE: &str = "<node><interface name='org.freedesktop.portal.Print'>
    <method name='Print'>
        <arg direction='in' type='s'/><arg direction='in' type='s'/>
        <arg direction='in' type='h'/><arg direction='in' type='a{sv}'/>
        <arg direction='out' type='o'/>
    </method></interface></node>";

struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut said = BufReader::new(daemon.stdout.take().unwrap());
        said.read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        Self { daemon, address }
    }

    fn connect(&self) -> DBusConnection {
        let flags = DBusConnectionFlags::AUTHENTICATION_CLIENT
            | DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
        DBusConnection::for_address_sync(&self.address, flags, None, gio::Cancellable::NONE)
            .unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// A desktop that answers with this; what it was given to print.
fn desktop(bus: &Bus, code: u32) -> (DBusConnection, mpsc::Receiver<(String, String)>) {
    let connection = bus.connect();
    let (tell, given) = mpsc::channel();
    let about = DBusNodeInfo::for_xml(INTERFACE).unwrap();
    let interface = about
        .lookup_interface("org.freedesktop.portal.Print")
        .unwrap();
    let call = move |on: DBusConnection,
                     sender: &str,
                     _: &str,
                     _: &str,
                     _: &str,
                     what: Variant,
                     invocation: gio::DBusMethodInvocation| {
        let at = what.child_value(2).get::<Handle>().unwrap();
        let files = invocation.message().unix_fd_list().unwrap();
        let file = format!("/proc/self/fd/{}", files.get(at.0).unwrap());
        let text = std::fs::read_to_string(file).unwrap();
        let title = what.child_value(1).get::<String>().unwrap();
        tell.send((title, text)).unwrap();
        let options = VariantDict::new(Some(&what.child_value(3)));
        let token = options.lookup::<String>("handle_token").unwrap().unwrap();
        let sender_part = sender.trim_start_matches(':').replace('.', "_");
        let request = format!("{OBJECT}/request/{sender_part}/{token}");
        let answer = [code.to_variant(), VariantDict::new(None).end()];
        on.emit_signal(
            Some(sender),
            &request,
            "org.freedesktop.portal.Request",
            "Response",
            Some(&Variant::tuple_from_iter(answer)),
        )
        .unwrap();
        let path = glib::variant::ObjectPath::try_from(request).unwrap();
        invocation.return_value(Some(&Variant::tuple_from_iter([path.to_variant()])));
    };
    connection
        .register_object(
            OBJECT,
            &interface,
            call,
            |_, _, _, _, _| Variant::from(0),
            |_, _, _, _, _, _| false,
        )
        .unwrap();
    connection
        .call_sync(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
            Some(&(PORTAL, 0_u32).to_variant()),
            None,
            DBusCallFlags::NONE,
            -1,
            gio::Cancellable::NONE,
        )
        .unwrap();
    (connection, given)
}

/// Prints a file, on the bus where the desktop answers so, or where there is none.
fn print_where(answers: Option<u32>) -> (Result<(), String>, Vec<(String, String)>) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.pdf");
    std::fs::write(&path, "%PDF-").unwrap();
    let bus = Bus::start();
    let context = MainContext::new();
    context
        .with_thread_default(|| {
            let desktop = answers.map(|code| desktop(&bus, code));
            let file = File::open(&path).unwrap();
            let printed = context.block_on(print(&bus.connect(), file, "A letter"));
            let given = desktop.map(|(_, given)| given.try_iter().collect());
            (printed, given.unwrap_or_default())
        })
        .unwrap()
}

fn letter() -> Vec<(String, String)> {
    vec![("A letter".to_owned(), "%PDF-".to_owned())]
}

#[test]
fn the_desktop_is_given_the_file_and_its_title_and_says_when_it_is_over() {
    for code in [PRINTED, CANCELLED] {
        assert_eq!(print_where(Some(code)), (Ok(()), letter()));
    }
}

#[test]
fn a_desktop_that_fails_or_has_no_dialog_says_so() {
    let (printed, given) = print_where(Some(OTHER));
    assert!(printed.is_err());
    assert_eq!(given, letter());
    assert!(print_where(None).0.is_err());
}
