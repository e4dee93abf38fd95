//! Files that pages give: whose they are, and which sessions stay awake for them.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::download::{
    Anew, Beginning, Change, DownloadFault, DownloadId, DownloadNews, DownloadOrder, DownloadVerb,
    Source, Transfer,
};
use crate::message::{Mode, Notice, ProfileName, SessionId, ShellFocus, TabId};
use crate::session::{Happening, State};

impl Browser {
    pub(super) fn download_news(&mut self, transfer: Transfer, news: DownloadNews) {
        let news = self.overruled(transfer, news);
        let is_print = matches!(
            news,
            DownloadNews::Began {
                source: Source::Printed(_),
                ..
            }
        );
        let ends = match news {
            DownloadNews::Printed | DownloadNews::NotPrinted => {
                return self.print_answered(transfer, news == DownloadNews::Printed);
            }
            DownloadNews::GoesOn { id, name, path } => {
                if !self.downloads.go_on(transfer, id, name, path.clone()) {
                    self.act(Action::Download(DownloadOrder::Cancel(transfer)));
                    self.act(Action::Download(DownloadOrder::Discard(path)));
                }
                let saved = self.downloads.held_as(id);
                return self.save_downloads(saved);
            }
            DownloadNews::Anew(why) => return self.begin_anew(transfer, why),
            DownloadNews::Done => Some(true),
            DownloadNews::Cancelled | DownloadNews::Failed(_) => Some(false),
            _ => None,
        };
        let changes = match news {
            DownloadNews::Began {
                source,
                url,
                name,
                path,
            } => {
                let Some((profile, mode)) = self.giver(source) else {
                    // Its last tab was closed before the server had named the file.
                    return self.act(Action::Download(DownloadOrder::Cancel(transfer)));
                };
                let begins = Beginning {
                    profile,
                    mode,
                    url,
                    name,
                    path,
                };
                self.downloads.begin(transfer, begins)
            }
            DownloadNews::Failed(DownloadFault::SessionEnded) if self.quitting_since.is_some() => {
                let fault = DownloadFault::Interrupted;
                self.downloads.hear(transfer, DownloadNews::Failed(fault))
            }
            news => self.downloads.hear(transfer, news),
        };
        self.save_downloads(changes);
        if is_print {
            self.downloads.print(transfer);
        }
        match ends {
            Some(true) => self.offer_print(transfer),
            Some(false) => drop(self.downloads.end_print(transfer)),
            None => {}
        }
        self.let_unused_sessions_rest();
    }

    /// A wish to give it up stands, also where it was held up or came to nothing meanwhile.
    fn overruled(&mut self, transfer: Transfer, news: DownloadNews) -> DownloadNews {
        if !matches!(news, DownloadNews::Held { .. } | DownloadNews::Anew(_)) {
            return news;
        }
        let Some(path) = self.downloads.unwanted(transfer) else {
            return news;
        };
        let kept = DownloadOrder::Discard(path.to_owned());
        self.act(Action::Download(kept));
        DownloadNews::Cancelled
    }

    /// What a streamed page looks like on paper is there: this machine's printers are asked by its own
    /// dialog.
    fn offer_print(&mut self, transfer: Transfer) {
        if let Some(print) = self.downloads.printed(transfer) {
            let (path, name) = (print.path.clone(), print.name.clone());
            self.act(Action::Download(DownloadOrder::Print {
                transfer,
                path,
                name,
            }));
        }
    }

    /// Where there is no dialog the file is what the person has.
    fn print_answered(&mut self, transfer: Transfer, taken: bool) {
        let Some(print) = self.downloads.end_print(transfer) else {
            return;
        };
        if taken {
            let changes = self.downloads.forget(print.id);
            return self.save_downloads(changes);
        }
        self.notice(Notice::PrintKept { name: print.name });
        self.act(Action::Download(DownloadOrder::Open(print.path)));
    }

    /// Whose page gives a file, and by whose engine; `None` if nobody may have it any more.
    fn giver(&self, source: Source) -> Option<(ProfileName, Mode)> {
        let (profile, mode) = match source {
            Source::Proxied(profile) => (profile, Mode::Proxy),
            Source::Streamed(session) | Source::Printed(session) => {
                let session = self.sessions.get(&session)?;
                (session.profile.clone(), Mode::Streamed)
            }
        };
        (!profile.is_private() || self.private).then_some((profile, mode))
    }

    /// What could not go on where it was is fetched by the engine from its beginning.
    fn begin_anew(&mut self, transfer: Transfer, why: Anew) {
        let Some(download) = self.downloads.give_up(transfer) else {
            return;
        };
        let (id, name) = (download.id, download.name.clone());
        self.notice(Notice::BegunAnew { name, why });
        self.act_on_download(id, DownloadVerb::Retry);
    }

    /// Nothing of a private profile stays, and its list is not saved.
    pub(super) fn discard_private_downloads(&mut self) {
        for order in self.downloads.give_up_all_of(ProfileName::is_private) {
            self.act(Action::Download(order));
        }
    }

    pub(super) fn act_on_download(&mut self, id: DownloadId, verb: DownloadVerb) {
        let mut verb = verb;
        if verb == DownloadVerb::Resume && self.downloads.begins_anew(id) {
            verb = DownloadVerb::Retry;
        }
        if verb == DownloadVerb::Retry
            && let Some(kept) = self.downloads.kept(id)
        {
            self.act(Action::Download(kept));
        }
        let (changes, order) = self.downloads.act(id, verb);
        self.save_downloads(changes);
        match order {
            Some(DownloadOrder::Fetch {
                url,
                profile,
                mode: Mode::Streamed,
                came,
                ..
            }) => self.open_for_file(profile, &url, !came),
            Some(order) => {
                let allowed = match &order {
                    DownloadOrder::GoOn(rest) => Some((&rest.profile, &rest.url)),
                    DownloadOrder::Fetch {
                        url,
                        profile,
                        came: true,
                        ..
                    } => Some((profile, url)),
                    _ => None,
                };
                if let Some((profile, url)) = allowed {
                    self.permit(profile.clone(), url);
                }
                self.act(Action::Download(order));
            }
            None => {}
        }
    }

    /// A streamed browser fetches what a page of it asks for, and only that. The tab goes again when
    /// its page has turned out to be a file.
    fn open_for_file(&mut self, profile: ProfileName, url: &str, unasked: bool) {
        let id = self.new_tab_of(profile, Mode::Streamed, self.tabs.len());
        if let Some(tab) = self.tab_mut(id) {
            tab.visit(url, unasked);
        }
        self.settings_shown = false;
        self.bring_to_front(Some(id));
        self.act(Action::Focus(ShellFocus::Page));
    }

    /// A page may be printed by itself only if it is looked at, and once at a time.
    pub(super) fn print_wanted(&mut self, id: TabId) {
        if self.active == Some(id) && !self.settings_shown && !self.downloads.is_printing() {
            self.page_action(id, PageAction::Print);
        }
    }

    /// Whether a file is coming out of this session, which has to stay awake for it.
    pub(super) fn gives_files(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| {
            session.is_attached() && self.downloads.are_running(&session.profile, Mode::Streamed)
        })
    }

    /// Sessions that nothing but a file kept awake go the way of others without a tab.
    fn let_unused_sessions_rest(&mut self) {
        let unused = self.sessions.values().filter(|session| {
            let awake = session.is_attached() || session.state() == State::Detached;
            awake && session.tabs.is_empty() && !session.is_ahead()
        });
        let unused: Vec<SessionId> = unused.map(|session| session.id).collect();
        for id in unused {
            if !self.gives_files(id) {
                self.step(id, Happening::LastTabLeft);
            }
        }
    }

    pub(super) fn save_downloads(&mut self, changes: Vec<Change>) {
        for change in changes {
            if matches!(&change, Change::Save(download) if download.profile.is_private()) {
                continue;
            }
            self.act(match change {
                Change::Save(download) => Action::SaveDownload(download),
                Change::Delete(id) => Action::DeleteDownload(id),
            });
        }
    }
}
