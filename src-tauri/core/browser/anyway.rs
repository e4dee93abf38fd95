//! What Duotab does not do by itself, and the person may want all the same: each problem says what that
//! would mean, and the answer holds for no more than that.

use super::Browser;
use crate::action::PageAction;
use crate::message::{Mode, Problem, ProfileName, Security, TabId};
use crate::network::Exit;
use crate::proxy::{Failure, PageFault};

impl Browser {
    /// Goes on where a tab's problem says that it was held up.
    pub(super) fn open_anyway(&mut self, id: TabId) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let (problem, profile, mode) = (tab.problem.clone(), tab.profile.clone(), tab.mode);
        match problem {
            Some(Problem::AroundExit { .. }) => {
                self.around.insert(profile);
                if let Some(tab) = self.tab_mut(id) {
                    tab.problem = None;
                }
                self.retry_stream(id);
                Ok(())
            }
            Some(Problem::PageFailed {
                url,
                fault: Some(fault),
                ..
            }) if mode == Mode::Proxy => self.overrule(id, &url, &fault),
            _ => Ok(()),
        }
    }

    fn overrule(&mut self, id: TabId, url: &str, fault: &PageFault) -> Result<(), Problem> {
        match fault {
            PageFault::Certificate { .. } if fault.is_overrulable() => {
                let Some(tab) = self.tab_mut(id) else {
                    return Ok(());
                };
                tab.problem = None;
                let profile = tab.profile.clone();
                if let Some(host) = host_of(url) {
                    self.unproven.insert((profile, host));
                }
                self.page_action(id, PageAction::Trust(url.to_owned()));
                Ok(())
            }
            PageFault::Way {
                failure: Failure::PrivateName,
            } => {
                self.set_home(id, true)?;
                self.navigate(id, url)
            }
            PageFault::Way {
                failure: Failure::PrivateAddress | Failure::Blocked,
            } => self.navigate(id, url),
            _ => Ok(()),
        }
    }

    /// Whether the name of a tab's site may lead into the home network.
    pub(super) fn set_home(&mut self, id: TabId, on: bool) -> Result<(), Problem> {
        self.change_site(id, |site| site.home = on.then_some(true))?;
        let profile = self.tab(id).map(|tab| tab.profile.clone());
        profile.into_iter().for_each(|it| self.tell_home(it));
        Ok(())
    }

    /// How the page of a tab is secured: as its address says, unless nobody has vouched for its site.
    pub(super) fn security_of(&self, id: TabId, by_address: Security) -> Security {
        let is_unproven = self.tab(id).is_some_and(|tab| {
            let host = host_of(tab.url());
            tab.mode == Mode::Proxy
                && host.is_some_and(|it| self.unproven.contains(&(tab.profile.clone(), it)))
        });
        if is_unproven && by_address == Security::Secure {
            return Security::Unproven;
        }
        by_address
    }

    /// The engine has forgotten, too, which certificates were taken in these profiles.
    pub(super) fn forget_unproven(&mut self, of: impl Fn(&ProfileName) -> bool) {
        self.unproven.retain(|(profile, _)| !of(profile));
        self.around.retain(|profile| !of(profile));
    }

    /// A tab whose stream would leave past its profile's way waits for the person; the problem says so.
    pub(super) fn held_by_exit(&mut self, id: TabId) -> Option<Problem> {
        let profile = self.tab(id)?.profile.clone();
        let problem = self.around_exit(&profile)?;
        let tab = self.tab_mut(id)?;
        tab.problem = Some(problem.clone());
        Some(problem)
    }

    /// Whether a stream would leave past the way that is set for its profile, which nobody has wanted.
    pub(super) fn around_exit(&self, profile: &ProfileName) -> Option<Problem> {
        let network = &self.profile(profile)?.record.network;
        let goes_around = network.exit != Exit::Direct && !self.around.contains(profile);
        goes_around.then(|| Problem::AroundExit {
            exit: network.form().exit_at,
        })
    }
}

/// Whose certificate it is: one that is taken serves all ports of its host.
fn host_of(url: &str) -> Option<String> {
    Some(url::Url::parse(url).ok()?.host_str()?.to_owned())
}
