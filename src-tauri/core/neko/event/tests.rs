//! What must hold for any event.

use super::*;

#[test]
fn an_unknown_event_is_no_error() {
    let it = ServerEvent::decode(r#"{"event":"chat/init","payload":{"enabled":true}}"#);
    assert_eq!(it, Ok(ServerEvent::Unknown("chat/init".to_owned())));
}

#[test]
fn a_missing_or_null_payload_is_the_default() {
    for text in [
        r#"{"event":"signal/provide"}"#,
        r#"{"event":"signal/provide","payload":null}"#,
        r#"{"event":"signal/provide","payload":{"iceservers":null,"video":null,"new":1}}"#,
    ] {
        assert_eq!(
            ServerEvent::decode(text),
            Ok(ServerEvent::SignalProvide(Provide::default()))
        );
    }
}

#[test]
fn an_event_without_payload_has_none_on_the_wire() {
    assert_eq!(
        ClientEvent::ControlRequest.encode(),
        r#"{"event":"control/request"}"#
    );
    assert_eq!(
        ClientEvent::ControlPaste(Paste::default()).encode(),
        r#"{"event":"control/paste","payload":{}}"#
    );
}

#[test]
fn updates_lie_flat_beside_their_id() {
    let text =
        r#"{"event":"screen/updated","payload":{"id":"a","width":1000,"height":600,"rate":30}}"#;
    let it = ServerEvent::decode(text).unwrap();
    assert_eq!(it.encode(), text);
    assert_eq!(
        it,
        ServerEvent::ScreenUpdated(ScreenUpdate {
            id: "a".to_owned(),
            size: ScreenSize {
                width: 1000,
                height: 600,
                rate: 30
            }
        })
    );
}

#[test]
fn a_candidate_has_the_names_of_the_browser() {
    let text = r#"{"event":"signal/candidate","payload":{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}}"#;
    let it = ServerEvent::decode(text).unwrap();
    assert_eq!(it.encode(), text);
}

#[test]
fn the_wrong_payload_is_malformed_and_no_panic() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"event":1}"#,
        r#"{"event":"screen/updated","payload":{"width":-1}}"#,
        r#"{"event":"session/cursors","payload":{}}"#,
    ] {
        assert_eq!(ServerEvent::decode(text), Err(Malformed));
    }
}

#[test]
fn a_disconnect_is_read_from_its_text_and_back() {
    for (it, text) in Disconnect::ALL {
        assert_eq!(it.message(), text);
        assert_eq!(Disconnect::parse(text), Some(it));
    }
    assert_eq!(Disconnect::parse("because"), None);
}
