//! What the engine of proxied pages is told of the person's decisions for sites: before any page is
//! opened, and when they change.

use super::Browser;
use crate::action::Action;
use crate::message::ProfileName;

impl Browser {
    /// Before any page is opened.
    pub(super) fn use_sites(&mut self) {
        for name in self.profile_names() {
            if self.any_unblocked(&name) {
                self.tell_unblocked(name.clone());
            }
            if self.any_notifying(&name) {
                self.tell_notifying(name);
            }
        }
    }

    /// Has what is decided for sites of these profiles forgotten.
    pub(super) fn forget_sites_of(&mut self, of: impl Fn(&ProfileName) -> bool) {
        let mut names = self.profile_names();
        names.retain(|name| of(name));
        let mut unblocked = names.clone();
        unblocked.retain(|name| self.any_unblocked(name));
        names.retain(|name| self.any_notifying(name));
        self.sites.forget(of);
        unblocked.into_iter().for_each(|it| self.tell_unblocked(it));
        names.into_iter().for_each(|it| self.tell_notifying(it));
    }

    fn any_unblocked(&self, profile: &ProfileName) -> bool {
        !self.sites.unblocked(profile).is_empty()
    }

    fn any_notifying(&self, profile: &ProfileName) -> bool {
        !self.sites.notifying(profile).is_empty()
    }

    pub(super) fn tell_unblocked(&mut self, profile: ProfileName) {
        let sites = self.sites.unblocked(&profile);
        self.act(Action::Unblock(profile, sites));
    }

    pub(super) fn tell_notifying(&mut self, profile: ProfileName) {
        let sites = self.sites.notifying(&profile);
        self.act(Action::Notifying(profile, sites));
    }

    fn profile_names(&self) -> Vec<ProfileName> {
        let names = self.profiles.iter();
        names.map(|it| it.record.name.clone()).collect()
    }
}
