//! The desktop's own dialog for printing what is in a file: the portal of the desktop
//! (`org.freedesktop.portal.Print`, version 1), for GTK's own is out of its binding's reach.

use std::fs::File;
use std::path::Path;

use gtk::gio::prelude::*;
use gtk::gio::{
    self, BusNameWatcherFlags, DBusConnection, DBusMessage, DBusSendMessageFlags, DBusSignalFlags,
};
use gtk::glib::variant::Handle;
use gtk::glib::{self, Variant, VariantDict};
use tokio::sync::mpsc;

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";

/// What the portal says at the end: it is printed, the person did not want it, or neither.
const PRINTED: u32 = 0;
const CANCELLED: u32 = 1;
const OTHER: u32 = 2;

/// Has the person print a PDF. Comes when the dialog is over and the file is not needed any more.
///
/// # Errors
/// Why the desktop could not, in its own words.
pub(crate) async fn print_file(path: &Path, title: &str) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let bus = gio::bus_get_future(gio::BusType::Session).await;
    print(&bus.map_err(|error| error.to_string())?, file, title).await
}

async fn print(bus: &DBusConnection, file: File, title: &str) -> Result<(), String> {
    let me = bus.unique_name().ok_or("nobody on the bus")?;
    let token = format!("duotab{}", glib::random_int());
    let sender = me.trim_start_matches(':').replace('.', "_");
    let request = format!("{OBJECT}/request/{sender}/{token}");
    let (tell, mut answers) = mpsc::unbounded_channel();
    let gone = tell.clone();
    // Before the call: the answer may come before what is returned.
    let heard = bus.signal_subscribe(
        Some(PORTAL),
        Some("org.freedesktop.portal.Request"),
        Some("Response"),
        Some(&request),
        None,
        DBusSignalFlags::NONE,
        move |_, _, _, _, _, said| {
            let code = said.try_child_value(0).and_then(|it| it.get::<u32>());
            let _ = tell.send(code.unwrap_or(OTHER));
        },
    );
    let asked = ask(bus, file, title, &token).await;
    let code = match asked {
        Ok(()) => {
            let watch = gio::bus_watch_name_on_connection(
                bus,
                PORTAL,
                BusNameWatcherFlags::NONE,
                |_, _, _| {},
                move |_, _| {
                    let _ = gone.send(OTHER);
                },
            );
            let code = answers.recv().await;
            gio::bus_unwatch_name(watch);
            Ok(code.unwrap_or(OTHER))
        }
        Err(why) => Err(why),
    };
    bus.signal_unsubscribe(heard);
    match code? {
        PRINTED | CANCELLED => Ok(()),
        code => Err(format!("the dialog ended by itself ({code})")),
    }
}

async fn ask(bus: &DBusConnection, file: File, title: &str, token: &str) -> Result<(), String> {
    let files = gio::UnixFDList::from_array([file]);
    let options = VariantDict::new(None);
    options.insert("handle_token", token);
    let what = Variant::tuple_from_iter([
        // The window that it belongs to would have to be named in a way of each display's own.
        "".to_variant(),
        title.to_variant(),
        Handle(0).to_variant(),
        options.end(),
    ]);
    let interface = Some("org.freedesktop.portal.Print");
    let call = DBusMessage::new_method_call(Some(PORTAL), OBJECT, interface, "Print");
    call.set_body(&what);
    // The binding's own call with files takes an answer without files for a fault of its own.
    call.set_unix_fd_list(Some(&files));
    let reply = bus.send_message_with_reply_future(&call, DBusSendMessageFlags::NONE, -1);
    let reply = reply.await.map_err(|error| error.to_string())?;
    match reply.error_name() {
        Some(name) => Err(name.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "print_tests.rs"]
mod tests;
