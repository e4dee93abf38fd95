//! What the window is ordered to do.

use duotab_core::action::PageAction;
use duotab_core::ask::AskId;
use duotab_core::cookie;
use duotab_core::download::DownloadOrder;
use duotab_core::giving::FileWish;
use duotab_core::message::{ContentArea, ProfileName, ShellFocus, TabId};
use duotab_core::site::SitePermission;

use crate::proxy::PageRules;

/// What the app does for the controller: everything that needs a window.
#[derive(Clone, Debug, PartialEq)]
pub enum ContentOrder {
    /// The page that this tab opens next uses this profile's data.
    UseProfile(TabId, ProfileName),
    /// Remove cookies and site data of proxied pages; answered by [`super::Controller::profile_cleared`].
    ClearProfile(ProfileName),
    /// Remove all data of proxied pages, of which none is open; answered alike.
    DeleteProfile(ProfileName),
    /// Do something to the page of a proxied tab.
    Page(TabId, PageAction),
    /// Take cookies out of a profile's proxied pages, or put them in, for a tab.
    Cookies(TabId, ProfileName, cookie::Order),
    /// Do something to a transfer or a downloaded file.
    Download(DownloadOrder),
    /// What of the block lists the engine is to keep to, where a profile wants that; `None` for nothing.
    PageRules(Option<PageRules>),
    /// Whether a profile wants it.
    Block(ProfileName, bool),
    /// The pages of these sites of a profile, by their origins, do not keep to it from their next load on.
    Unblock(ProfileName, Vec<String>),
    /// All that is decided about wishes of a profile's sites.
    Decided(ProfileName, Vec<SitePermission>),
    /// Where the child webviews stand.
    Place(ContentArea),
    /// Show places of a tab's history, with their positions, to choose from.
    HistoryMenu(TabId, Vec<(usize, String)>),
    /// Have the person choose files for a streamed page; answered by
    /// [`super::Controller::files_chosen`].
    ChooseFiles(TabId, AskId, FileWish),
    /// Have the desktop's program for it open this address.
    OpenInProgram(String),
    /// Bring the window to the front, by a launch of this name, if the desktop has one for it.
    PresentWindow(Option<String>),
    /// Window full screen on or off.
    FullScreen(bool),
    /// Give the keyboard to the shell or to the page in front.
    Focus(ShellFocus),
    /// End the app: all is put away.
    Exit,
}
