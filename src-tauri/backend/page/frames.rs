//! The frames of a page: those of its own process, and those of others, which have sessions of their
//! own.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Shared, chooser, follow, login};

/// Frames of a page that are looked at. One with more has run away.
const MOST: usize = 64;
/// Processes within processes; a page can nest them as deep as it likes.
const DEPTH: usize = 8;

/// A frame, and the session that reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) session: String,
    pub(super) id: String,
}

/// All frames of a page, the page itself first, as far as they answer.
pub(super) async fn all(shared: &Arc<Shared>, target: &str, page: &str) -> Vec<Frame> {
    let mut sessions = vec![page.to_owned()];
    let mut at = 0;
    for _ in 0..DEPTH {
        while let Some(session) = sessions.get(at) {
            attach(shared, session).await;
            at += 1;
        }
        let known = shared.book().frame_sessions(target);
        let new = known.into_iter().filter(|it| !sessions.contains(it));
        let new: Vec<String> = new.collect();
        if new.is_empty() {
            break;
        }
        sessions.extend(new);
    }
    let mut frames = Vec::new();
    for session in sessions {
        let tree = shared
            .wire
            .call(Some(&session), "Page.getFrameTree", json!({}));
        if let Ok(Ok(tree)) = tokio::time::timeout(follow::RENDERER_LIMIT, tree).await {
            gather(&session, &tree["frameTree"], &mut frames);
        }
    }
    frames
}

const ATTACH: &str = "Target.setAutoAttach";

/// What has frames of other processes attached. A frame waits until we have sent what we want of it:
/// what it loads at once may bring a question, or a frame within it.
fn attaching() -> Value {
    json!({
        "autoAttach": true,
        "waitForDebuggerOnStart": true,
        "flatten": true,
        "filter": [{ "type": "iframe" }],
    })
}

/// Looks after a frame of another process, and those within it.
pub(super) async fn greet(shared: Arc<Shared>, session: String) {
    // In this order, and none waits for the answer of another: the frame waits for the last.
    tokio::join!(
        biased;
        shared.wire.tell(&session, "Page.enable", json!({})),
        login::listen(&shared, &session),
        chooser::listen(&shared, &session),
        shared.wire.tell(&session, ATTACH, attaching()),
        let_go(&shared, &session),
    );
}

/// Lets a frame run that waits for us.
pub(super) async fn let_go(shared: &Shared, session: &str) {
    let method = "Runtime.runIfWaitingForDebugger";
    shared.wire.tell(session, method, json!({})).await;
}

/// Has the frames within a page that are of other processes attached from now on. Does not wait for an
/// answer: a process that hangs gives none.
pub(super) async fn listen(shared: &Shared, session: &str) {
    let told = shared.wire.tell(session, ATTACH, attaching());
    if tokio::time::timeout(follow::RENDERER_LIMIT, told)
        .await
        .is_err()
    {
        tracing::debug!("frames of other processes are left to Chromium");
    }
}

/// Has the frames within a session's that are of other processes attached, those that are there and
/// those that come.
pub(super) async fn attach(shared: &Arc<Shared>, session: &str) {
    let asked = shared.wire.call(Some(session), ATTACH, attaching());
    // Those of a process that hangs are left to Chromium.
    match tokio::time::timeout(follow::RENDERER_LIMIT, asked).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "frames of other processes"),
        Err(_) => tracing::debug!("frames of other processes do not answer"),
    }
}

fn gather(session: &str, tree: &Value, frames: &mut Vec<Frame>) {
    let Some(id) = tree["frame"]["id"].as_str().filter(|_| frames.len() < MOST) else {
        return;
    };
    if frames.iter().all(|frame| frame.id != id) {
        frames.push(Frame {
            session: session.to_owned(),
            id: id.to_owned(),
        });
    }
    for child in tree["childFrames"].as_array().into_iter().flatten() {
        gather(session, child, frames);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_gathered_from_the_page_on_and_no_frame_twice() {
        let leaf = |id: &str| json!({ "frame": { "id": id } });
        let tree = json!({
            "frame": { "id": "page" },
            "childFrames": [
                { "frame": { "id": "a" }, "childFrames": [leaf("a1")] },
                leaf("b"), leaf("a"), { "frame": {} },
            ],
        });
        let mut frames = Vec::new();
        gather("s", &tree, &mut frames);
        let ids: Vec<&str> = frames.iter().map(|frame| frame.id.as_str()).collect();
        assert_eq!(ids, ["page", "a", "a1", "b"]);
    }

    #[test]
    fn a_page_of_endless_frames_has_an_end() {
        let leaf = |n: usize| json!({ "frame": { "id": n.to_string() } });
        let many: Vec<Value> = (0..1000).map(leaf).collect();
        let mut frames = Vec::new();
        let tree = json!({ "frame": { "id": "page" }, "childFrames": many });
        gather("s", &tree, &mut frames);
        assert_eq!(frames.len(), MOST);
    }
}
