// Holds until the extension goes; so it has to be said anew by each browser, and only once.
const quiet = () => chrome.downloads.setUiOptions({ enabled: false });
chrome.runtime.onInstalled.addListener(quiet);
chrome.runtime.onStartup.addListener(quiet);
quiet();
