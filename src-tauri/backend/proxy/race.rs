//! Several addresses of one target, tried until one of them answers (RFC 8305).

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use duotab_core::proxy::Failure;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::names::Later;

/// In which order addresses are tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// Whether IPv6 begins.
    pub(super) six_first: bool,
    /// The head start of an address over the next one.
    pub(super) head_start: Duration,
}

/// How an attempt came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Another address may do better.
    Here(Failure),
    /// No other address would do better.
    Everywhere(Failure),
}

/// Tries the addresses, the families in turns, until an attempt succeeds. Each has a head start over
/// the next one, to which it gives way at once when it fails. Those that come later join in.
///
/// # Errors
/// What says the most of all that went wrong.
pub(super) async fn race<T, F>(
    addresses: &[IpAddr],
    mut later: Option<Later<'_>>,
    order: Order,
    attempt: impl Fn(IpAddr) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Miss>>,
{
    let mut queue = Queue::new(order.six_first);
    queue.extend(addresses);
    let mut attempts = FuturesUnordered::new();
    let mut told = None;
    let mut due = Instant::now();
    loop {
        if (attempts.is_empty() || due <= Instant::now())
            && let Some(address) = queue.next()
        {
            attempts.push(attempt(address));
            due = Instant::now() + order.head_start;
        }
        tokio::select! {
            Some(result) = attempts.next(), if !attempts.is_empty() => match result {
                Ok(reached) => return Ok(reached),
                Err(Miss::Everywhere(failure)) => return Err(failure),
                Err(Miss::Here(failure)) => {
                    told = Some(told.map_or(failure, |known| telling(known, failure)));
                    due = Instant::now();
                }
            },
            more = next(&mut later), if later.is_some() => {
                later = None;
                queue.extend(&more);
            }
            () = sleep_until(due), if !queue.is_empty() => {}
            else => return Err(told.unwrap_or(Failure::Unreachable)),
        }
    }
}

async fn next(later: &mut Option<Later<'_>>) -> Vec<IpAddr> {
    match later {
        Some(later) => later.await,
        None => Vec::new(),
    }
}

/// Which of two failures says more. "No way there" is often true of one family only, and that an exit
/// failed says nothing of the site.
fn telling(known: Failure, other: Failure) -> Failure {
    let says = |failure| match failure {
        Failure::ExitFailed | Failure::ExitLogin => 0,
        Failure::Unreachable => 1,
        _ => 2,
    };
    if says(other) >= says(known) {
        other
    } else {
        known
    }
}

/// Addresses that are still to be tried, the families in turns.
struct Queue {
    six: VecDeque<IpAddr>,
    four: VecDeque<IpAddr>,
    six_next: bool,
}

impl Queue {
    fn new(six_first: bool) -> Self {
        Self {
            six: VecDeque::new(),
            four: VecDeque::new(),
            six_next: six_first,
        }
    }

    fn extend(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            let family = if address.is_ipv6() {
                &mut self.six
            } else {
                &mut self.four
            };
            family.push_back(*address);
        }
    }

    fn is_empty(&self) -> bool {
        self.six.is_empty() && self.four.is_empty()
    }

    fn next(&mut self) -> Option<IpAddr> {
        let six = self.six_next && !self.six.is_empty() || self.four.is_empty();
        let family = if six { &mut self.six } else { &mut self.four };
        let next = family.pop_front()?;
        self.six_next = !six;
        Some(next)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const ORDER: Order = Order {
        six_first: true,
        head_start: Duration::from_millis(100),
    };

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn in_turns(six_first: bool, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let mut queue = Queue::new(six_first);
        queue.extend(addresses);
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn families_take_turns() {
        let mixed = ips(&["1.1.1.1", "2.2.2.2", "3.3.3.3", "::1"]);
        let ordered = ips(&["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"]);
        assert_eq!(in_turns(true, &mixed), ordered);
        let ordered = ips(&["1.1.1.1", "::1", "2.2.2.2", "3.3.3.3"]);
        assert_eq!(in_turns(false, &mixed), ordered);
    }

    #[tokio::test]
    async fn an_address_that_is_silent_gets_a_head_start_and_one_that_fails_gives_way() {
        let began = Instant::now();
        let tried = Mutex::new(Vec::new());
        let addresses = ips(&["::1", "1.1.1.1", "::2", "2.2.2.2"]);
        let attempt = |address: IpAddr| {
            tried.lock().unwrap().push((address, began.elapsed()));
            async move {
                match address.to_string().as_str() {
                    "::1" => std::future::pending().await,
                    "2.2.2.2" => Ok(address),
                    _ => Err(Miss::Here(Failure::ConnectionRefused)),
                }
            }
        };
        let reached = race(&addresses, None, ORDER, attempt).await;
        assert_eq!(reached, Ok(addresses[3]));
        let tried = tried.into_inner().unwrap();
        let order: Vec<IpAddr> = tried.iter().map(|(address, _)| *address).collect();
        assert_eq!(order, addresses);
        // One head start: the next two gave way at once.
        assert!(tried[1].1 >= ORDER.head_start);
        assert!(tried[3].1 - tried[1].1 < ORDER.head_start);
    }

    #[tokio::test]
    async fn an_address_that_comes_later_joins_in() {
        use futures_util::FutureExt as _;
        let [six, four] = [ips(&["::1"]), ips(&["1.1.1.1"])];
        for fails in [true, false] {
            let attempt = async |address: IpAddr| match (address.is_ipv6(), fails) {
                (true, _) => Ok(address),
                (false, true) => Err(Miss::Here(Failure::ConnectionRefused)),
                (false, false) => std::future::pending().await,
            };
            let late = six.clone();
            let later = async move {
                tokio::task::yield_now().await;
                late
            };
            let reached = race(&four, Some(later.boxed()), ORDER, attempt).await;
            assert_eq!(reached, Ok(six[0]));
        }
    }

    #[tokio::test]
    async fn what_says_the_most_is_told() {
        use Failure::{ConnectionRefused, ExitFailed, Unreachable};
        for (failures, told) in [
            ([ExitFailed, ExitFailed], ExitFailed),
            ([ExitFailed, Unreachable], Unreachable),
            ([ConnectionRefused, Unreachable], ConnectionRefused),
            ([ConnectionRefused, ExitFailed], ConnectionRefused),
        ] {
            let attempt = |address: IpAddr| {
                let failure = failures[usize::from(address.is_ipv4())];
                async move { Err::<(), _>(Miss::Here(failure)) }
            };
            let failed = race(&ips(&["::1", "1.1.1.1"]), None, ORDER, attempt).await;
            assert_eq!(failed, Err(told), "{failures:?}");
        }
    }

    #[tokio::test]
    async fn what_no_address_can_mend_is_tried_once() {
        let tried = Mutex::new(0);
        let attempt = |_| {
            *tried.lock().unwrap() += 1;
            async { Err::<(), _>(Miss::Everywhere(Failure::ExitFailed)) }
        };
        let failed = race(&ips(&["::1", "1.1.1.1"]), None, ORDER, attempt).await;
        assert_eq!(failed, Err(Failure::ExitFailed));
        assert_eq!(tried.into_inner().unwrap(), 1);
    }
}
