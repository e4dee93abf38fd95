//! What Chromium's own codes for a page that did not load mean, as the shell says it.

use crate::proxy::{CertificateFlaw, Failure, PageFault};

/// What is known of a load that ended with `code`, such as `net::ERR_CONNECTION_REFUSED`; `None`
/// if only the code is.
#[must_use]
pub fn fault(code: &str) -> Option<PageFault> {
    let code = code.strip_prefix("net::ERR_")?;
    if let Some(flaw) = code.strip_prefix("CERT_") {
        return Some(PageFault::Certificate {
            flaws: vec![flaw_of(flaw)],
            strict: true,
        });
    }
    if code.starts_with("SSL_") {
        return Some(PageFault::Encryption);
    }
    let failure = match code {
        "UNSAFE_PORT" => return Some(PageFault::UnsafePort),
        "TOO_MANY_REDIRECTS" => return Some(PageFault::RedirectLoop),
        "INVALID_REDIRECT" | "UNSAFE_REDIRECT" => return Some(PageFault::BadRedirect),
        "HTTP_RESPONSE_CODE_FAILURE" => return Some(PageFault::Empty { status: None }),
        "FILE_NOT_FOUND" | "ACCESS_DENIED" => return Some(PageFault::NoFile),
        "UNKNOWN_URL_SCHEME" | "DISALLOWED_URL_SCHEME" => return Some(PageFault::Scheme),
        "NAME_NOT_RESOLVED" => Failure::NameUnknown,
        "NAME_RESOLUTION_FAILED" | "DNS_TIMED_OUT" | "DNS_SERVER_FAILED" => {
            Failure::NameServerSilent
        }
        "CONNECTION_REFUSED" => Failure::ConnectionRefused,
        "CONNECTION_TIMED_OUT" | "TIMED_OUT" => Failure::ConnectionTimedOut,
        "INTERNET_DISCONNECTED" | "ADDRESS_UNREACHABLE" => Failure::Unreachable,
        "CONNECTION_CLOSED" | "CONNECTION_RESET" | "EMPTY_RESPONSE" => Failure::ClosedEarly,
        "INVALID_HTTP_RESPONSE" => Failure::BadAnswer,
        "INVALID_URL" => Failure::BadRequest,
        _ => return None,
    };
    Some(PageFault::Way { failure })
}

fn flaw_of(code: &str) -> CertificateFlaw {
    match code {
        "REVOKED" => CertificateFlaw::Revoked,
        "COMMON_NAME_INVALID" => CertificateFlaw::WrongName,
        "AUTHORITY_INVALID" => CertificateFlaw::UnknownIssuer,
        "DATE_INVALID" => CertificateFlaw::WrongTime,
        "WEAK_SIGNATURE_ALGORITHM" | "WEAK_KEY" => CertificateFlaw::Weak,
        _ => CertificateFlaw::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::fault;
    use crate::proxy::{CertificateFlaw, Failure, PageFault};

    #[test]
    fn a_code_that_is_known_is_said_in_the_words_of_both_modes() {
        let way = |failure| Some(PageFault::Way { failure });
        let certificate = |flaw| {
            Some(PageFault::Certificate {
                flaws: vec![flaw],
                strict: true,
            })
        };
        for (code, meaning) in [
            ("NAME_NOT_RESOLVED", way(Failure::NameUnknown)),
            ("CONNECTION_REFUSED", way(Failure::ConnectionRefused)),
            ("UNSAFE_PORT", Some(PageFault::UnsafePort)),
            (
                "CERT_COMMON_NAME_INVALID",
                certificate(CertificateFlaw::WrongName),
            ),
            ("CERT_NEWER_THAN_THIS", certificate(CertificateFlaw::Other)),
            ("SSL_PROTOCOL_ERROR", Some(PageFault::Encryption)),
            ("NEWER_THAN_THIS", None),
        ] {
            assert_eq!(fault(&format!("net::ERR_{code}")), meaning, "{code}");
        }
        assert_eq!(fault("CONNECTION_REFUSED"), None);
        assert_eq!(fault(""), None);
    }
}
