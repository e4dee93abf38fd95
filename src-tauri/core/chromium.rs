//! Chromium as every engine starts it: the page alone, nothing in the background, nothing asked of
//! a GPU.

mod failure;

pub use failure::fault;

/// Arguments that are the same for all.
const ALWAYS: [&str; 23] = [
    "--kiosk",
    "--ozone-platform=x11",
    "--window-position=0,0",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-crash-restore-bubble",
    "--disable-session-crashed-bubble",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    // Only what is fatal: a browser without a session bus complains all day.
    "--log-level=3",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--metrics-recording-only",
    "--no-pings",
    "--noerrdialogs",
    "--password-store=basic",
    "--disable-gpu",
    "--disable-smooth-scrolling",
    "--disable-backgrounding-occluded-windows",
];

/// What a page would notice, or a server of the browser's maker.
const NOT: &str = "--disable-features=Translate,MediaRouter,OptimizationHints,GlobalMediaControls,\
                   AutofillServerCommunication,CertificateTransparencyComponentUpdater,\
                   CalculateNativeWinOcclusion,DialMediaRouteProvider,InterestFeedContentSuggestions";

/// An extension, as the names and texts of its files: Chromium's own notice of a download would stand in
/// the picture beside ours, and neither a policy nor the page control leaves it out. Its name for
/// itself (`key`) is fixed, so that a profile knows one of it wherever its folder is.
pub const QUIET: [(&str, &str); 2] = [
    (
        "manifest.json",
        include_str!("chromium/quiet/manifest.json"),
    ),
    ("quiet.js", include_str!("chromium/quiet/quiet.js")),
];

/// The arguments for a profile's folder, that of [`QUIET`], a screen's width and height in pixels, and
/// device pixels per CSS pixel in percent. The sandbox, the page control and the address are the
/// caller's.
#[must_use]
pub fn arguments(
    profile: &str,
    quiet: &str,
    (width, height): (u16, u16),
    scale_percent: u16,
) -> Vec<String> {
    let css = |pixels: u16| u32::from(pixels) * 100 / u32::from(scale_percent.max(1));
    let mut all = ALWAYS.map(str::to_owned).to_vec();
    all.push(NOT.to_owned());
    all.push(format!("--user-data-dir={profile}"));
    // It takes a list.
    if !quiet.contains(',') {
        all.push(format!("--load-extension={quiet}"));
    }
    all.push(format!(
        "--force-device-scale-factor={}",
        f32::from(scale_percent) / 100.0
    ));
    // A window manager makes it as large as the screen; this spares the first resize.
    all.push(format!("--window-size={},{}", css(width), css(height)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_large_as_its_screen_in_css_pixels() {
        let all = arguments("/p", "/q", (1280, 720), 150);
        assert!(all.contains(&"--force-device-scale-factor=1.5".to_owned()));
        assert!(all.contains(&"--window-size=853,480".to_owned()));
        assert!(arguments("/p", "/q", (10, 10), 0).contains(&"--window-size=1000,1000".to_owned()));
    }

    #[test]
    fn a_folder_that_would_be_taken_for_two_is_left_out() {
        let loads = |quiet: &str| {
            let all = arguments("/p", quiet, (1, 1), 100);
            all.iter().any(|it| it.starts_with("--load-extension="))
        };
        assert!(loads("/q"));
        assert!(!loads("/q,r"));
    }

    #[test]
    fn each_argument_is_one_word_and_stands_once() {
        let all = arguments("/p", "/q", (1, 1), 100);
        let distinct: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(
            all.iter()
                .all(|it| it.starts_with("--") && !it.contains(' '))
        );
    }
}
