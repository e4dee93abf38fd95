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
            if self.any_home(&name) {
                self.tell_home(name.clone());
            }
            if self.any_decided(&name) {
                self.tell_decided(name);
            }
        }
    }

    /// Has what is decided for sites of these profiles forgotten.
    pub(super) fn forget_sites_of(&mut self, of: impl Fn(&ProfileName) -> bool) {
        let mut names = self.profile_names();
        names.retain(|name| of(name));
        let mut unblocked = names.clone();
        unblocked.retain(|name| self.any_unblocked(name));
        let mut home = names.clone();
        home.retain(|name| self.any_home(name));
        names.retain(|name| self.any_decided(name));
        self.forget_unproven(&of);
        self.sites.forget(of);
        home.into_iter().for_each(|it| self.tell_home(it));
        unblocked.into_iter().for_each(|it| self.tell_unblocked(it));
        names.into_iter().for_each(|it| self.tell_decided(it));
    }

    fn any_unblocked(&self, profile: &ProfileName) -> bool {
        !self.sites.unblocked(profile).is_empty()
    }

    fn any_home(&self, profile: &ProfileName) -> bool {
        !self.sites.home(profile).is_empty()
    }

    pub(super) fn tell_home(&mut self, profile: ProfileName) {
        let names = self.sites.home(&profile);
        self.act(Action::HomeNames(profile, names));
    }

    fn any_decided(&self, profile: &ProfileName) -> bool {
        !self.sites.permissions(profile).is_empty()
    }

    pub(super) fn tell_unblocked(&mut self, profile: ProfileName) {
        let sites = self.sites.unblocked(&profile);
        self.act(Action::Unblock(profile, sites));
    }

    pub(super) fn tell_decided(&mut self, profile: ProfileName) {
        let decided = self.sites.permissions(&profile);
        self.act(Action::Decided(profile, decided));
    }

    fn profile_names(&self) -> Vec<ProfileName> {
        let names = self.profiles.iter();
        names.map(|it| it.record.name.clone()).collect()
    }
}
