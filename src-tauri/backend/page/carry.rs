//! What a page takes along into its next self.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::carry::Order;
use duotab_core::event::PageNews;
use duotab_core::leave;
use duotab_core::message::{Mode, TabId};

use super::{Shared, follow};

/// How long a page may take to say what it has. It is left only afterwards, and its session may sleep
/// only then.
const SAY_LIMIT: Duration = Duration::from_millis(800);
/// How long it may take to take something: a page that has just loaded is busy.
const TAKE_LIMIT: Duration = Duration::from_millis(1500);

/// Has a page say or take it; `None` from a page that does not answer in time.
pub(super) async fn carry(shared: &Arc<Shared>, target: &str, order: &Order) -> Option<PageNews> {
    let limit = match order {
        Order::Give(..) => TAKE_LIMIT,
        Order::Collect { .. } => SAY_LIMIT,
    };
    let asked = async {
        let session = follow::session(shared, target).await.ok()?;
        let frame = shared.book().page(target)?.main_frame.clone();
        let script = order.script();
        follow::evaluate_within(limit, shared, &session, Some(&frame), &script).await
    };
    let answer = tokio::time::timeout(limit, asked).await.ok().flatten()?;
    order.heard(&answer)
}

/// Has a page say whether something would be lost if it were closed. Nobody else waits for that.
pub(super) fn may_close(shared: &Arc<Shared>, tab: TabId, target: String) {
    let of = Arc::clone(shared);
    shared.spawn(async move {
        let limit = Duration::from_millis(leave::limit_ms(Mode::Streamed));
        let asked = async {
            let session = follow::session(&of, &target).await.ok()?;
            let frame = of.book().page(&target)?.main_frame.clone();
            follow::evaluate_within(limit, &of, &session, Some(&frame), leave::SCRIPT).await
        };
        let answer = tokio::time::timeout(limit, asked).await.ok().flatten();
        of.queue
            .news(tab, leave::heard(&answer.unwrap_or_default()));
    });
}
