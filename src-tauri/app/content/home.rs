//! What keeps pages of the Internet off what the person has opened at home.
//!
//! The proxy knows a home only by its address: once the person has typed it, it is open to the
//! profile. Which page asks for it the web engine knows, and its content filter blocks what is not
//! asked for by a page at home itself. Going there as a whole page stays possible: that is seen.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use duotab_core::proxy::HOME_NAMES;
use serde_json::json;
use webkit_unbound::{Filter, Store};

use super::filters;

const NAME: &str = "home";

/// Addresses of this machine and of the home network, as the engine writes them and in the syntax of
/// its filters, which has no alternatives: `duotab_core::proxy::space` in short.
const ADDRESSES: [&str; 17] = [
    r"0\.[0-9.]+",
    r"10\.[0-9.]+",
    r"127\.[0-9.]+",
    r"169\.254\.[0-9.]+",
    r"192\.168\.[0-9.]+",
    r"172\.1[6-9]\.[0-9.]+",
    r"172\.2[0-9]\.[0-9.]+",
    r"172\.3[01]\.[0-9.]+",
    r"100\.6[4-9]\.[0-9.]+",
    r"100\.[7-9][0-9]\.[0-9.]+",
    r"100\.1[01][0-9]\.[0-9.]+",
    r"100\.12[0-7]\.[0-9.]+",
    r"\[::1?\]",
    r"\[::ffff:[0-9a-f:]+\]",
    r"\[64:ff9b:[0-9a-f:]+\]",
    r"\[f[cd][0-9a-f:]+\]",
    r"\[fe[89a-f][0-9a-f:]+\]",
];

/// Gives the filter, as it was compiled before if that is of the same rules and the same engine: pages
/// that come first should not have to do without it. What is compiled lies in `folder`.
pub(crate) async fn make(folder: &Path) -> Result<Filter, String> {
    let rules = rules();
    let own = folder.join(name_of(&rules));
    let store = Store::open(&own);
    if let Ok(filter) = store.load(NAME).await {
        return Ok(filter);
    }
    let made = store.compile(NAME, rules).await;
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || filters::leave(&folder, &own));
    made.map_err(|error| error.to_string())
}

/// Of another version of this app, a name may be another for the same rules: they are compiled again.
fn name_of(rules: &str) -> String {
    let mut hasher = DefaultHasher::new();
    rules.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn hosts() -> Vec<String> {
    let names = HOME_NAMES.iter().chain(&["localhost"]);
    let below = names.map(|name| format!(r"([^/:]*\.)?{}\.?", name.replace('.', r"\.")));
    // A name of one label is the router's to know.
    let bare = [r"[^/:.@]+\.?".to_owned()];
    let addresses = ADDRESSES.map(str::to_owned);
    addresses.into_iter().chain(below).chain(bare).collect()
}

fn rules() -> String {
    let hosts = hosts();
    let mut own: Vec<String> = hosts
        .iter()
        .map(|it| format!("^https?://{it}(:[0-9]+)?/"))
        .collect();
    own.push("^file:".to_owned());
    let rule = |host: &String| {
        json!({
            "trigger": {
                "url-filter": format!("^[a-z]+://([^/@]*@)?{host}(:[0-9]+)?/"),
                "unless-top-url": own,
            },
            "action": { "type": "block" },
        })
    };
    json!(hosts.iter().map(rule).collect::<Vec<_>>()).to_string()
}
