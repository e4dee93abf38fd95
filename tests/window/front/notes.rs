//! The desktop's notifications, on a bus of the test's own, where the test is the desktop.

use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use duotab_test_support::{Outcome, within};
use gtk::gio::{
    self, DBusCallFlags, DBusConnection, DBusConnectionFlags, DBusMethodInvocation, DBusNodeInfo,
};
use gtk::glib::{MainContext, Variant};
use gtk::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// As much of the Desktop Notifications Specification as the engine speaks.
const ABOUT: &str = "<node><interface name='org.freedesktop.Notifications'>
    <method name='GetCapabilities'><arg direction='out' type='as'/></method>
    <method name='Notify'>
        <arg direction='in' type='s'/><arg direction='in' type='u'/>
        <arg direction='in' type='s'/><arg direction='in' type='s'/>
        <arg direction='in' type='s'/><arg direction='in' type='as'/>
        <arg direction='in' type='a{sv}'/><arg direction='in' type='i'/>
        <arg direction='out' type='u'/>
    </method>
    <method name='CloseNotification'><arg direction='in' type='u'/></method>
    </interface></node>";

/// What was shown: its number, and its title.
type Note = (u32, String);

pub(crate) struct Notes {
    /// Where it is, for `DBUS_SESSION_BUS_ADDRESS`.
    pub(crate) bus: String,
    shown: UnboundedReceiver<Note>,
    connection: DBusConnection,
    _daemon: Child,
}

impl Notes {
    pub(crate) async fn start() -> Outcome<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = BufReader::new(daemon.stdout.take().ok_or("no way to hear it")?);
        let bus = within("the bus", said.lines().next_line()).await??;
        let bus = bus.ok_or("no bus")?;
        let (tell, shown) = unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let address = bus.clone();
        // It ends with the process of the test.
        std::thread::spawn(move || {
            let context = MainContext::new();
            let serving = context.with_thread_default(|| {
                context.block_on(async {
                    let _ = ready.send(serve(&address, tell));
                    std::future::pending::<()>().await;
                });
            });
            serving.unwrap();
        });
        let connection = within("the desktop", connected).await???;
        Ok(Self {
            bus,
            shown,
            connection,
            _daemon: daemon,
        })
    }

    /// What is shown next.
    pub(crate) async fn next(&mut self) -> Note {
        self.shown.recv().await.expect("the desktop lives")
    }

    /// What else was shown: what the app has said until now is heard before what is asked now.
    pub(crate) fn latest(&mut self) -> Outcome<Option<Note>> {
        let none = gio::Cancellable::NONE;
        let (flags, name) = (DBusCallFlags::NONE, Some(NAME));
        self.connection.call_sync(
            name,
            PATH,
            NAME,
            "GetCapabilities",
            None,
            None,
            flags,
            -1,
            none,
        )?;
        Ok(self.shown.try_recv().ok())
    }

    /// The person presses it.
    pub(crate) fn press(&self, note: u32) -> Outcome<()> {
        let what = (note, "default").to_variant();
        Ok(self
            .connection
            .emit_signal(None, PATH, NAME, "ActionInvoked", Some(&what))?)
    }
}

fn serve(address: &str, tell: UnboundedSender<Note>) -> Outcome<DBusConnection> {
    let flags =
        DBusConnectionFlags::AUTHENTICATION_CLIENT | DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
    let none = gio::Cancellable::NONE;
    let connection = DBusConnection::for_address_sync(address, flags, None, none)?;
    let about = DBusNodeInfo::for_xml(ABOUT)?;
    let interface = about.lookup_interface(NAME).ok_or("no interface")?;
    let last = AtomicU32::new(0);
    let call = move |_: DBusConnection,
                     _: &str,
                     _: &str,
                     _: &str,
                     method: &str,
                     what: Variant,
                     invocation: DBusMethodInvocation| {
        let answer = match method {
            "GetCapabilities" => Some((["actions", "body"].as_slice(),).to_variant()),
            "Notify" => {
                let id = last.fetch_add(1, Ordering::Relaxed) + 1;
                let title = what.child_value(3).get::<String>().unwrap_or_default();
                let _ = tell.send((id, title));
                Some((id,).to_variant())
            }
            _ => None,
        };
        invocation.return_value(answer.as_ref());
    };
    connection.register_object(
        PATH,
        &interface,
        call,
        |_, _, _, _, _| Variant::from(0),
        |_, _, _, _, _, _| false,
    )?;
    connection.call_sync(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus",
        "RequestName",
        Some(&(NAME, 0_u32).to_variant()),
        None,
        DBusCallFlags::NONE,
        -1,
        none,
    )?;
    Ok(connection)
}
