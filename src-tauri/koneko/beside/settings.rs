//! What Neko's server is told: `/etc/neko/neko.yaml`, and variables that come before it. Of the
//! file's language only JSON is understood, which is YAML as well. Keys that are not known are
//! passed over, as Neko does.

use crate::config::{Codec, Screen};
use crate::xlink::Address;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where the file is, if `NEKO_CONFIG` does not say.
const FILE: &str = "/etc/neko/neko.yaml";
/// Neko's, where nothing is said.
const SCREEN: Screen = Screen {
    width: 1280,
    height: 720,
    rate: 30,
};
/// Neko's, where nothing is said.
const AUDIO_DEVICE: &str = "audio_output.monitor";
/// What one person needs to use the browser; in Neko each is off where the file does not say so.
const RIGHTS: [&str; 5] = [
    "is_admin",
    "can_login",
    "can_connect",
    "can_watch",
    "can_host",
];

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("the file is not written in JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("{0} cannot be used")]
    Value(&'static str),
    #[error("the user may not: {0}")]
    Right(&'static str),
}

/// The settings that are obeyed.
pub(crate) struct Settings {
    pub bind: SocketAddr,
    pub username: String,
    pub password: String,
    pub display: Address,
    pub screen: Screen,
    pub codec: Codec,
    /// What of the sound server is heard.
    pub audio_device: String,
    /// The one UDP port; 0 takes any.
    pub udp_port: u16,
    /// The address that viewers are told.
    pub shown: Option<IpAddr>,
    pub ice_lite: bool,
}

impl Settings {
    /// Reads file and variables.
    pub(crate) fn read() -> Result<Self, Unusable> {
        let path = std::env::var("NEKO_CONFIG").unwrap_or_else(|_| FILE.to_owned());
        let file = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Value::Null,
            Err(error) => return Err(Unusable::Unreadable(error)),
        };
        let source = Source {
            file,
            variable: |name: &str| std::env::var(name).ok(),
        };
        source.settings()
    }
}

/// Where a key is looked up.
struct Source<F> {
    file: Value,
    variable: F,
}

impl<F: Fn(&str) -> Option<String>> Source<F> {
    fn get(&self, key: &str) -> Option<Value> {
        let name = format!("NEKO_{}", key.to_uppercase().replace('.', "_"));
        if let Some(text) = (self.variable)(&name) {
            return Some(Value::String(text));
        }
        let found = key
            .split('.')
            .try_fold(&self.file, |at, word| at.get(word))?;
        (!found.is_null()).then(|| found.clone())
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text).filter(|it| !it.is_empty()),
            other => Some(other.to_string()),
        }
    }

    /// A variable holds such a value as JSON.
    fn nested(&self, key: &str) -> Result<Option<Value>, Unusable> {
        Ok(match self.get(key) {
            Some(Value::String(text)) => Some(serde_json::from_str(&text)?),
            other => other,
        })
    }

    fn settings(&self) -> Result<Settings, Unusable> {
        let bind = self.text("server.bind");
        let bind = bind.as_deref().unwrap_or("127.0.0.1:8080");
        if self.text("member.provider").as_deref() != Some("object") {
            return Err(Unusable::Value("member.provider"));
        }
        let (username, password) = self.user()?;
        let display = self
            .text("desktop.display")
            .or_else(|| (self.variable)("DISPLAY"));
        let has_pipeline = self.get("capture.video.pipeline").is_some()
            || self.get("capture.video.pipelines").is_some();
        Ok(Settings {
            bind: bind_address(bind).ok_or(Unusable::Value("server.bind"))?,
            username,
            password,
            display: display
                .and_then(|it| Address::open_to_all(&it))
                .ok_or(Unusable::Value("desktop.display"))?,
            screen: self
                .text("desktop.screen")
                .and_then(|it| screen(&it))
                .unwrap_or(SCREEN),
            codec: match self.text("capture.video.codec").as_deref() {
                // Without a pipeline Neko goes back to VP8.
                Some("h264") if has_pipeline => Codec::H264,
                _ => Codec::Vp8,
            },
            audio_device: self
                .text("capture.audio.device")
                .unwrap_or_else(|| AUDIO_DEVICE.to_owned()),
            udp_port: self
                .text("webrtc.udpmux")
                .map_or(Ok(0), |it| it.parse())
                .map_err(|_| Unusable::Value("webrtc.udpmux"))?,
            shown: self.shown()?,
            ice_lite: self.text("webrtc.icelite").as_deref() == Some("true"),
        })
    }

    /// The first of the users.
    fn user(&self) -> Result<(String, String), Unusable> {
        const KEY: &str = "member.object.users";
        let users = self.nested(KEY)?.unwrap_or_default();
        let user = users.get(0).ok_or(Unusable::Value(KEY))?;
        let word = |name: &str| {
            let text = user.get(name).and_then(Value::as_str);
            let text = text.filter(|it| !it.is_empty()).map(str::to_owned);
            text.ok_or(Unusable::Value(KEY))
        };
        for right in RIGHTS {
            if user["profile"][right] != true {
                return Err(Unusable::Right(right));
            }
        }
        Ok((word("username")?, word("password")?))
    }

    /// The first address: a list in the file, words in a variable.
    fn shown(&self) -> Result<Option<IpAddr>, Unusable> {
        const KEY: &str = "webrtc.nat1to1";
        let first = match self.get(KEY) {
            Some(Value::Array(all)) => all.first().and_then(Value::as_str).map(str::to_owned),
            Some(Value::String(words)) => words.split_whitespace().next().map(str::to_owned),
            _ => None,
        };
        let parsed = first.map(|it| it.parse()).transpose();
        parsed.map_err(|_| Unusable::Value(KEY))
    }
}

/// As Go has it: without a host it is every one of this machine's addresses.
fn bind_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some((Ipv4Addr::UNSPECIFIED, port.parse().ok()?).into()),
        None => text.parse().ok(),
    }
}

/// `1280x720@30`.
fn screen(text: &str) -> Option<Screen> {
    let (size, rate) = text.split_once('@').unwrap_or((text, "30"));
    let (width, height) = size.split_once('x')?;
    Some(Screen {
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        rate: rate.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file() -> Value {
        json!({
            "server": { "bind": ":8080" },
            "member": { "provider": "object", "object": { "users": [{
                "username": "tab", "password": "secret",
                "profile": { "is_admin": true, "can_login": true, "can_connect": true,
                    "can_watch": true, "can_host": true },
            }] } },
            "desktop": { "screen": "1000x700@25", "display": ":99.0" },
            "capture": { "video": { "codec": "h264", "pipeline": "ximagesrc ! appsink" } },
            "webrtc": { "udpmux": 52100, "nat1to1": ["127.0.0.1"], "icelite": true },
        })
    }

    fn read(file: Value, variables: &[(&str, &str)]) -> Result<Settings, Unusable> {
        let variable = |name: &str| {
            let found = variables.iter().find(|it| it.0 == name);
            found.map(|it| it.1.to_owned())
        };
        Source { file, variable }.settings()
    }

    #[test]
    fn the_file_says_it_all() {
        let it = read(file(), &[]).unwrap();
        assert_eq!(it.bind, SocketAddr::from(([0, 0, 0, 0], 8080)));
        assert_eq!(
            (it.username.as_str(), it.password.as_str()),
            ("tab", "secret")
        );
        assert_eq!(
            (it.screen.width, it.screen.height, it.screen.rate),
            (1000, 700, 25)
        );
        assert_eq!(
            (it.codec, it.udp_port, it.ice_lite),
            (Codec::H264, 52_100, true)
        );
        assert_eq!(it.shown, Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(it.display.name(), ":99");
    }

    #[test]
    fn a_variable_comes_before_the_file() {
        let users = file()["member"]["object"]["users"]
            .to_string()
            .replace("tab", "other");
        let it = read(
            file(),
            &[
                ("NEKO_MEMBER_OBJECT_USERS", &users),
                ("NEKO_WEBRTC_UDPMUX", "7"),
                ("NEKO_WEBRTC_NAT1TO1", "10.0.0.1 10.0.0.2"),
                ("NEKO_DESKTOP_SCREEN", "junk"),
            ],
        )
        .unwrap();
        assert_eq!((it.username.as_str(), it.udp_port), ("other", 7));
        assert_eq!(it.shown, Some(Ipv4Addr::new(10, 0, 0, 1).into()));
        assert_eq!(it.screen, SCREEN);
    }

    #[test]
    fn a_codec_without_a_pipeline_is_vp8() {
        let mut without = file();
        without["capture"]["video"]["pipeline"] = Value::Null;
        assert_eq!(read(without, &[]).unwrap().codec, Codec::Vp8);
    }

    #[test]
    fn a_user_without_rights_is_of_no_use() {
        let mut poor = file();
        poor["member"]["object"]["users"][0]["profile"]["can_host"] = Value::Null;
        assert!(matches!(read(poor, &[]), Err(Unusable::Right("can_host"))));
        let mut other = file();
        other["member"]["provider"] = json!("multiuser");
        assert!(matches!(
            read(other, &[]),
            Err(Unusable::Value("member.provider"))
        ));
    }
}
