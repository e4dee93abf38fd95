//! The two questions for the addresses of a name, of which neither is to hold up the other (RFC 8305, 3).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use duotab_core::proxy::Failure;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, select};
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RecordType;
use tokio::time::{Instant, timeout, timeout_at};

use super::MAX_ADDRESSES;

/// How long IPv4 waits for IPv6.
const PATIENCE: Duration = Duration::from_millis(50);

/// Addresses that come while others are tried already; none if they do not come.
pub(in crate::proxy) type Later<'a> = BoxFuture<'a, Vec<IpAddr>>;

/// The addresses of a name.
pub(in crate::proxy) struct Found {
    /// Some, at least.
    pub(in crate::proxy) now: Vec<IpAddr>,
    /// Those of the other family, if that is still awaited.
    pub(in crate::proxy) later: Option<Later<'static>>,
}

type Answer = Result<Vec<IpAddr>, Failure>;

/// Asks for both families at once, and waits until `until` at most.
pub(super) async fn ask(
    resolver: &Arc<TokioResolver>,
    name: &str,
    until: Instant,
) -> Result<Found, Failure> {
    let [six, four] = [RecordType::AAAA, RecordType::A].map(|kind| {
        // With its dot it is nobody's subdomain.
        let (resolver, name) = (Arc::clone(resolver), format!("{name}."));
        // A task of its own: an answer that nobody waits for any more is kept for the next time.
        let task = tokio::spawn(async move {
            timeout_at(until, look_up(&resolver, &name, kind))
                .await
                .unwrap_or(Err(Failure::NameServerSilent))
        });
        task.map(|answer| answer.unwrap_or(Err(Failure::NameServerSilent)))
            .boxed()
    });
    first(six, four).await
}

async fn look_up(resolver: &TokioResolver, name: &str, kind: RecordType) -> Answer {
    let found = resolver.lookup(name, kind).await.map_err(|error| {
        tracing::debug!(%error, name, "a name is not found");
        if error.is_nx_domain() || error.is_no_records_found() {
            Failure::NameUnknown
        } else {
            Failure::NameServerSilent
        }
    })?;
    let addresses = found.answers().iter().filter_map(|it| it.data.ip_addr());
    Ok(addresses.take(MAX_ADDRESSES).collect())
}

/// What there is to go on with.
async fn first(
    six: BoxFuture<'static, Answer>,
    four: BoxFuture<'static, Answer>,
) -> Result<Found, Failure> {
    let (first, mut other, patience) = match select(six, four).await {
        Either::Left((first, other)) => (first, other, Duration::ZERO),
        Either::Right((first, other)) => (first, other, PATIENCE),
    };
    let failure = match first {
        Ok(mut now) if !now.is_empty() => {
            let later = match timeout(patience, &mut other).await {
                Ok(more) => {
                    now.extend(more.unwrap_or_default());
                    None
                }
                Err(_) => Some(other.map(Result::unwrap_or_default).boxed()),
            };
            return Ok(Found { now, later });
        }
        Ok(_) => Failure::NameUnknown,
        Err(failure) => failure,
    };
    match other.await {
        Ok(now) if !now.is_empty() => Ok(Found { now, later: None }),
        // There may be addresses that nobody told.
        Err(Failure::NameServerSilent) => Err(Failure::NameServerSilent),
        _ => Err(failure),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Vec<IpAddr> {
        vec![text.parse().unwrap()]
    }

    fn after(millis: u64, answer: Answer) -> BoxFuture<'static, Answer> {
        async move {
            timeout(Duration::from_millis(millis), std::future::pending::<()>())
                .await
                .unwrap_err();
            answer
        }
        .boxed()
    }

    fn never() -> BoxFuture<'static, Answer> {
        std::future::pending().boxed()
    }

    fn at_once(answer: Answer) -> BoxFuture<'static, Answer> {
        std::future::ready(answer).boxed()
    }

    #[tokio::test]
    async fn ipv4_waits_for_ipv6_a_moment_and_ipv6_for_nothing() {
        let (one, two) = (ip("2600::1"), ip("1.1.1.1"));
        let both = [two.clone(), one.clone()].concat();
        let found = first(after(5, Ok(one.clone())), at_once(Ok(two.clone()))).await;
        let found = found.unwrap();
        assert_eq!((found.now, found.later.is_none()), (both, true));
        let found = first(never(), at_once(Ok(two.clone()))).await.unwrap();
        assert_eq!((found.now, found.later.is_some()), (two.clone(), true));
        let found = first(at_once(Ok(one.clone())), after(30, Ok(two.clone()))).await;
        let found = found.unwrap();
        assert_eq!(found.now, one);
        assert_eq!(found.later.unwrap().await, two);
    }

    #[tokio::test]
    async fn a_family_that_fails_does_not_spoil_the_other() {
        let (unknown, silent) = (Failure::NameUnknown, Failure::NameServerSilent);
        for nothing in [Ok(Vec::new()), Err(unknown), Err(silent)] {
            let some = ip("1.1.1.1");
            let late = after(100, Ok(some.clone()));
            let found = first(at_once(nothing.clone()), late).await.unwrap();
            assert_eq!(found.now, some);
            let found = first(at_once(nothing), at_once(Ok(some.clone()))).await;
            assert_eq!(found.unwrap().now, some);
        }
        for (six, four, told) in [
            (Ok(Vec::new()), Err(unknown), unknown),
            (Err(unknown), Err(silent), silent),
            (Err(silent), Err(unknown), silent),
        ] {
            let failed = first(at_once(six), at_once(four)).await.err();
            assert_eq!(failed, Some(told));
        }
    }
}
