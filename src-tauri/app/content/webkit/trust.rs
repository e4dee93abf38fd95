//! Sites that cannot prove who they are.

use std::cell::RefCell;
use std::rc::Rc;

use duotab_core::event::PageNews;
use gtk::gio;
use webkit2gtk::{
    WebContextExt, WebView, WebViewExt, WebsiteData, WebsiteDataManagerExt, WebsiteDataTypes,
};

use super::super::certificate;
use super::failing::tell;
use super::{Failed, Page};

/// What the last site that could not prove who it is has shown, and its host.
pub(super) type Doubted = Rc<RefCell<Option<(String, gio::TlsCertificate)>>>;

/// Listens to it.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>, failed: &Failed) -> Doubted {
    let doubted = Doubted::default();
    let (told, kept, shown) = (Rc::clone(report), Rc::clone(failed), Rc::clone(&doubted));
    view.connect_load_failed_with_tls_errors(move |view, url, certificate, flaws| {
        let host = host_of(url).unwrap_or_default();
        kept.replace(Some(url.to_owned()));
        shown.replace(Some((host.clone(), certificate.clone())));
        let (told, kept, url) = (Rc::clone(&told), Rc::clone(&kept), url.to_owned());
        strict(view, host, move |strict| {
            if kept.borrow().as_ref() == Some(&url) {
                let fault = certificate::fault(flaws, strict);
                tell(&told, &kept, &url, Some(fault), &format!("TLS: {flaws:?}"));
            }
        });
        true
    });
    doubted
}

impl Page {
    /// Goes to `url` and takes its site for what it showed last.
    pub(in super::super) fn trust(&self, url: &str) {
        let doubted = self.doubted.take();
        let host = host_of(url);
        if let (Some((of, certificate)), Some(context)) = (doubted, self.view.context())
            && host.as_ref() == Some(&of)
        {
            context.allow_tls_certificate_for_host(&certificate, &of);
        }
        self.navigate(url);
    }
}

fn host_of(url: &str) -> Option<String> {
    Some(url::Url::parse(url).ok()?.host_str()?.to_owned())
}

/// Says whether a site, or one beside it, wants never to be opened without proof. Where that cannot be
/// known, it is taken to.
fn strict(view: &WebView, host: String, then: impl FnOnce(bool) + 'static) {
    let Some(data) = view.context().and_then(|it| it.website_data_manager()) else {
        return then(true);
    };
    let kind = WebsiteDataTypes::HSTS_CACHE;
    data.fetch(kind, gio::Cancellable::NONE, move |known| {
        let wants = |site: &WebsiteData| {
            let name = site.name().unwrap_or_default();
            host.strip_suffix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        then(known.map_or(true, |sites| sites.iter().any(wants)));
    });
}
