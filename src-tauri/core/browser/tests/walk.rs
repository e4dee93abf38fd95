//! A random walk.

use super::super::*;
use super::world::{Bench, host, worker};
use crate::event::{Command, PageNews};
use crate::fault::{EndCause, Stall};
use crate::message::Leg;
use crate::profile::{Colour, DataWork, ProfileCommand};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Move {
    Command(u8, u8),
    Answer(u8),
    Drop(u8),
    News(u8, u8),
    /// Starts fail there from now on, or work again.
    Break(bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u8..22, any::<u8>()).prop_map(|(c, t)| Move::Command(c, t)),
        4 => any::<u8>().prop_map(Move::Answer),
        1 => any::<u8>().prop_map(Move::Drop),
        1 => any::<bool>().prop_map(Move::Break),
        2 => (0_u8..11, any::<u8>()).prop_map(|(n, t)| Move::News(n, t)),
    ];
    prop::collection::vec(one, 0..80)
}

fn make_move(bench: &mut Bench, what: Move) {
    let tab_at = |bench: &Bench, n: u8| {
        let tabs = &bench.browser.tabs;
        tabs[usize::from(n) % tabs.len()].id
    };
    let profile_at = |bench: &Bench, n: u8| {
        let profiles = bench.browser.profile_views();
        profiles[usize::from(n / 4) % profiles.len()].name.clone()
    };
    match what {
        Move::Command(c, t) => {
            let tab = tab_at(bench, t);
            let command = match c {
                0 => Command::CloseTab(tab),
                1 => Command::SelectTab(tab),
                2 => Command::ReopenTab,
                21 => Command::DuplicateTab(tab),
                3 => Command::Navigate(tab, "http://localhost/n".into()),
                4 | 5 => Command::SetMode(tab, Mode::Streamed, None),
                6 => Command::SetMode(tab, Mode::Proxy, None),
                7 => Command::GoBack(tab),
                8 => Command::GoForward(tab),
                9 => Command::Reload(tab),
                10 => Command::CancelStream(tab),
                11 => Command::MoveTab(tab, usize::from(t)),
                18 | 19 => {
                    let node = if c == 18 {
                        NodeId::host()
                    } else {
                        NodeId::worker(1)
                    };
                    Command::SetMode(tab, Mode::Streamed, Some(node))
                }
                14 => Command::Profile(ProfileCommand::Create {
                    title: "Work".into(),
                    colour: Colour::Blue,
                }),
                15 => Command::OpenTabOf(profile_at(bench, t)),
                16 | 17 => Command::Profile(ProfileCommand::Work {
                    name: profile_at(bench, t),
                    work: match t % 4 {
                        0 => DataWork::Measure,
                        1 => DataWork::Import { path: "/a".into() },
                        2 => DataWork::Clear,
                        _ => DataWork::Delete,
                    },
                    end_session: c == 16,
                }),
                _ => Command::OpenTab {
                    input: Some("http://localhost/o".into()),
                    mode: (c == 12).then_some(Mode::Streamed),
                    background: t % 2 == 0,
                },
            };
            bench.command(command);
        }
        Move::Break(here) => {
            let node = if here {
                NodeId::host()
            } else {
                NodeId::worker(1)
            };
            if !bench.world.broken.remove(&node) {
                bench.world.broken.insert(node);
            }
        }
        // Any answer may come before another, except that one engine's own keep their order.
        Move::Answer(n) if !bench.world.answers.is_empty() => {
            let at = usize::from(n) % bench.world.answers.len();
            let answer = bench.world.answers.remove(at);
            bench.tell(answer);
        }
        // The engine ends under the browser.
        Move::Drop(n) if !bench.world.engines.is_empty() => {
            let at = usize::from(n) % bench.world.engines.len();
            let Some(id) = bench.world.engines.iter().nth(at).copied() else {
                return;
            };
            let stopping = bench
                .world
                .answers
                .iter()
                .any(|a| matches!(a, Event::EngineStopped(i) if *i == id));
            if stopping {
                return;
            }
            bench.world.engines.remove(&id);
            bench.world.answers.retain(|a| {
                !matches!(a, Event::EngineStarted(i) | Event::EngineSuspended(i) | Event::StreamLive(i) if *i == id)
            });
            bench.tell(Event::EngineEnded(id, EndCause::Killed, vec![]));
        }
        Move::News(n, t) => {
            let tab = tab_at(bench, t);
            let mode = if t % 3 == 0 {
                Mode::Proxy
            } else {
                Mode::Streamed
            };
            let attached = bench.world.attached.first().copied();
            match (n, attached) {
                (0, Some(id)) => bench.tell(Event::StreamLost(id, Leg::Media)),
                (1, Some(id)) => bench.tell(Event::StreamFailed(id, Leg::Media)),
                (2, Some(id)) => bench.tell(Event::StreamLive(id)),
                (3, _) => bench.tell(Event::Page(tab, mode, PageNews::Crashed)),
                (4, Some(_)) => {
                    let streamed = bench
                        .browser
                        .tab(tab)
                        .is_some_and(|t| t.mode == Mode::Streamed);
                    if streamed && bench.browser.has_page(tab) {
                        bench.tell(Event::Page(tab, Mode::Streamed, PageNews::Closed));
                    }
                }
                (5, Some(id)) => bench.tell(Event::EngineStalled(id, Stall::Paused)),
                (6, _) => {
                    let known = bench.world.engines.first().copied();
                    if let Some(id) = known {
                        bench.tell(Event::EngineBack(id));
                    }
                }
                (7, _) => {
                    let known = bench.world.engines.first().copied();
                    if let Some(id) = known {
                        bench.tell(Event::ImageFetched(id, t));
                    }
                }
                _ => bench.tell(Event::Page(tab, mode, PageNews::Title("x".into()))),
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_nothing_leaks_and_every_command_is_answered(moves in moves()) {
        let mut bench = Bench::new(vec![host(16_000), worker(1, 16_000)]);
        for one in moves {
            make_move(&mut bench, one);
            prop_assert!(!bench.browser.tabs.is_empty());
            prop_assert!(bench.browser.active.is_some_and(|id| bench.browser.tab(id).is_some()));
            for profile in bench.browser.profile_views() {
                let of = |id: &&SessionId| bench.world.data.get(*id) == Some(&profile.name);
                let engines = bench.world.engines.iter().filter(of).count();
                prop_assert!(engines <= 1, "one engine has a profile's data");
            }
            for (id, session) in &bench.browser.sessions {
                for tab in &session.tabs {
                    let tab = bench.browser.tab(*tab);
                    prop_assert_eq!(tab.and_then(Tab::session), Some(*id));
                }
            }
        }
        bench.settle();
        prop_assert_eq!(u64::try_from(bench.world.replies.len()).ok(), Some(bench.requests));
        prop_assert_eq!(bench.world.rows.keys().collect::<Vec<_>>(), bench.world.engines.iter().collect::<Vec<_>>());
        bench.command(Command::Quit);
        bench.settle();
        prop_assert!(bench.world.exited);
        prop_assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
        prop_assert!(bench.world.attached.is_empty());
    }
}
