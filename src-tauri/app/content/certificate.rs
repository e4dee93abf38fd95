//! What the engine finds wrong with a certificate, in the shell's words.

use duotab_core::proxy::{CertificateFlaw, PageFault};
use gtk::gio::TlsCertificateFlags;

/// All that is wrong, the worst first.
pub(super) fn fault(flags: TlsCertificateFlags, strict: bool) -> PageFault {
    let mut flaws: Vec<CertificateFlaw> = [
        (TlsCertificateFlags::REVOKED, CertificateFlaw::Revoked),
        (
            TlsCertificateFlags::BAD_IDENTITY,
            CertificateFlaw::WrongName,
        ),
        (
            TlsCertificateFlags::UNKNOWN_CA,
            CertificateFlaw::UnknownIssuer,
        ),
        (TlsCertificateFlags::EXPIRED, CertificateFlaw::Expired),
        (
            TlsCertificateFlags::NOT_ACTIVATED,
            CertificateFlaw::NotYetValid,
        ),
        (TlsCertificateFlags::INSECURE, CertificateFlaw::Weak),
    ]
    .into_iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .map(|(_, flaw)| flaw)
    .collect();
    if flaws.is_empty() {
        flaws.push(CertificateFlaw::Other);
    }
    PageFault::Certificate { flaws, strict }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_is_told_and_none_is_no_answer() {
        let both = TlsCertificateFlags::EXPIRED | TlsCertificateFlags::BAD_IDENTITY;
        let flaws = vec![CertificateFlaw::WrongName, CertificateFlaw::Expired];
        let strict = false;
        assert_eq!(
            fault(both, strict),
            PageFault::Certificate { flaws, strict }
        );
        let flaws = vec![CertificateFlaw::Other];
        for unnamed in [
            TlsCertificateFlags::GENERIC_ERROR,
            TlsCertificateFlags::empty(),
        ] {
            let flaws = flaws.clone();
            assert_eq!(
                fault(unnamed, strict),
                PageFault::Certificate { flaws, strict }
            );
        }
    }
}
