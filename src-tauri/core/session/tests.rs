use super::*;
use crate::node::{NodeId, NodeKind};
use proptest::prelude::*;

const NOW: Millis = Millis(1);

fn session() -> Session {
    let node = NodeName {
        id: NodeId::host(),
        name: "this machine".into(),
        kind: NodeKind::Host,
    };
    Session::begin(SessionId(1), ProfileName("default".into()), node, 2048).0
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        Just(TabJoined),
        Just(LastTabLeft),
        Just(EngineStarted),
        Just(EngineSuspended),
        Just(EngineEnded),
        Just(EngineStopped),
        Just(StreamLive),
        Just(StreamLost),
        Just(StreamFailed),
        Just(IdleLimit),
        Just(Dismissed),
        Just(Abandoned),
    ]
}

#[test]
fn from_start_to_live_every_step_is_saved_first() {
    let mut s = session();
    s.tabs.push(TabId(1));
    assert_eq!(
        s.step(Happening::EngineStarted, NOW),
        [Deed::Save, Deed::Connect]
    );
    assert_eq!(s.step(Happening::StreamLive, NOW), [Deed::Save]);
    assert_eq!(s.state(), State::Live);
}

#[test]
fn an_engine_that_was_started_for_nobody_waits_for_the_first_tab() {
    let mut s = session().ahead();
    assert_eq!(s.step(Happening::EngineStarted, NOW), [Deed::Save]);
    assert_eq!(s.state(), State::Detached);
    s.tabs.push(TabId(1));
    assert_eq!(
        s.step(Happening::TabJoined, NOW),
        [Deed::Save, Deed::Connect]
    );
}

#[test]
fn a_start_that_is_cancelled_is_stopped_and_forgotten() {
    let mut s = session();
    assert_eq!(
        s.step(Happening::LastTabLeft, NOW),
        [Deed::Save, Deed::Stop]
    );
    assert_eq!(
        s.step(Happening::EngineStarted, NOW),
        [],
        "too late to matter"
    );
    assert_eq!(s.step(Happening::EngineStopped, NOW), [Deed::Forget]);
    assert_eq!(s.state(), State::Gone);
}

#[test]
fn a_tab_that_comes_while_the_engine_falls_asleep_wakes_it_afterwards() {
    let mut s = session();
    s.tabs.push(TabId(1));
    s.step(Happening::EngineStarted, NOW);
    s.step(Happening::StreamLive, NOW);
    s.seen();
    s.tabs.clear();
    s.step(Happening::LastTabLeft, NOW);
    s.tabs.push(TabId(2));
    assert_eq!(s.step(Happening::TabJoined, NOW), []);
    assert_eq!(
        s.step(Happening::EngineSuspended, NOW),
        [Deed::Save, Deed::Resume]
    );
}

proptest! {
    #[test]
    fn the_engine_is_never_touched_unsaved_and_never_after_it_is_gone(
        happenings in prop::collection::vec((happening(), any::<bool>()), 0..40)
    ) {
        let mut s = session();
        for (happening, has_tabs) in happenings {
            s.tabs = if has_tabs { vec![TabId(1)] } else { vec![] };
            let was = s.state();
            let deeds = s.step(happening, NOW);
            if was == State::Gone {
                prop_assert!(deeds.is_empty());
            }
            for (at, deed) in deeds.iter().enumerate() {
                if matches!(deed, Deed::Start | Deed::Resume | Deed::Suspend | Deed::Stop | Deed::Connect) {
                    prop_assert!(deeds[..at].contains(&Deed::Save), "{happening:?}: {deeds:?}");
                }
            }
            if s.state() == State::Gone && was != State::Gone {
                prop_assert!(deeds.contains(&Deed::Forget));
            }
        }
    }

    #[test]
    fn dismissed_and_stopped_always_leaves_nothing(
        happenings in prop::collection::vec(happening(), 0..20)
    ) {
        let mut s = session();
        for happening in happenings {
            s.step(happening, NOW);
        }
        s.step(Happening::Dismissed, NOW);
        s.step(Happening::EngineStopped, NOW);
        prop_assert_eq!(s.state(), State::Gone);
    }
}
