//! The window manager: openbox with nothing but the page. No frames, no keys, no menus; every
//! window of the browser fills the screen, and does so again when the screen's size changes.

use crate::child::{Child, relay_log};
use crate::config::Config;
use crate::display::Display;
use crate::fence;
use crate::programs;
use duotab_core::message::StartFailure;
use std::process::Stdio;

const RULES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><followMouse>no</followMouse></focus>
  <placement><policy>Smart</policy><center>yes</center></placement>
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <resize><popupShow>Never</popupShow></resize>
  <keyboard><chainQuitKey></chainQuitKey></keyboard>
  <mouse>
    <dragThreshold>8</dragThreshold>
    <context name="Client">
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
      <mousebind button="Middle" action="Press"><action name="Focus"/></mousebind>
      <mousebind button="Right" action="Press"><action name="Focus"/></mousebind>
    </context>
  </mouse>
  <menu></menu>
  <applications>
    <application class="*"><decor>no</decor><focus>yes</focus></application>
    <application class="*" type="normal">
      <decor>no</decor><focus>yes</focus><fullscreen>yes</fullscreen>
    </application>
  </applications>
</openbox_config>
"#;

/// Starts it; it is ready when it is, and takes what windows there are.
pub(crate) fn start(config: &Config, display: &Display) -> Result<Child, StartFailure> {
    let missing = || StartFailure::ProgramMissing {
        program: "openbox".to_owned(),
    };
    let program = programs::find("openbox").ok_or_else(missing)?;
    let rules = config.runtime_dir.join("openbox.xml");
    std::fs::write(&rules, RULES)
        .map_err(|error| crate::privilege::unusable(&config.runtime_dir, &error))?;
    let mut command = fence::lone(&program).map_err(|_| missing())?;
    command
        .arg("--sm-disable")
        .arg("--config-file")
        .arg(&rules)
        .env("DISPLAY", display.address.name())
        .env("XAUTHORITY", &display.authority)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = Child::start("openbox", command).map_err(|_| missing())?;
    relay_log("openbox", child.take_stderr());
    Ok(child)
}
