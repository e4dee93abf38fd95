//! The client's side of SOCKS5 (RFC 1928) and its passwords (RFC 1929).

use duotab_core::network::Login;
use duotab_core::proxy::Failure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Host;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Is let in by the proxy at the other end.
pub(super) async fn greet<S>(stream: &mut S, login: Option<&Login>) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // One that lets everybody in need not be told who comes.
    let methods: &[u8] = match login {
        Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
        None => &[VERSION, 1, NO_LOGIN],
    };
    send(stream, methods).await?;
    let [version, chosen] = receive(stream).await?;
    if version != VERSION {
        return Err(Failure::ExitFailed);
    }
    if chosen != NO_LOGIN {
        let login = login.filter(|_| chosen == PASSWORD);
        let login = login.ok_or(Failure::ExitLogin)?;
        let mut message = vec![PASSWORD_VERSION];
        counted(&mut message, login.user.as_bytes())?;
        counted(&mut message, login.password.expose().as_bytes())?;
        send(stream, &message).await?;
        let [_, status] = receive(stream).await?;
        if status != 0 {
            return Err(Failure::ExitLogin);
        }
    }
    Ok(())
}

/// Has the proxy, which has let us in, connect to `host`.
pub(super) async fn connect<S>(
    stream: &mut S,
    host: &Host<String>,
    port: u16,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = vec![VERSION, CONNECT, 0];
    match host {
        Host::Ipv4(v4) => {
            message.push(IPV4);
            message.extend(v4.octets());
        }
        Host::Ipv6(v6) => {
            message.push(IPV6);
            message.extend(v6.octets());
        }
        Host::Domain(name) => {
            message.push(NAME);
            counted(&mut message, name.as_bytes())?;
        }
    }
    message.extend(port.to_be_bytes());
    send(stream, &message).await?;
    let [version, reply, _, kind] = receive(stream).await?;
    if version != VERSION {
        return Err(Failure::ExitFailed);
    }
    reached(reply)?;
    // Where the proxy connected from; it has to be read past.
    match kind {
        IPV4 => drop(receive::<6, _>(stream).await?),
        IPV6 => drop(receive::<18, _>(stream).await?),
        NAME => {
            let [length] = receive(stream).await?;
            let mut rest = [0; 257];
            let rest = rest.get_mut(..usize::from(length) + 2);
            let rest = rest.ok_or(Failure::ExitFailed)?;
            let read = stream.read_exact(rest).await;
            read.map_err(|_| Failure::ExitFailed)?;
        }
        _ => return Err(Failure::ExitFailed),
    }
    Ok(())
}

/// RFC 1928, 6.
fn reached(reply: u8) -> Result<(), Failure> {
    match reply {
        0 => Ok(()),
        3 | 4 => Err(Failure::Unreachable),
        5 => Err(Failure::ConnectionRefused),
        6 => Err(Failure::ConnectionTimedOut),
        _ => Err(Failure::ExitFailed),
    }
}

fn counted(message: &mut Vec<u8>, text: &[u8]) -> Result<(), Failure> {
    message.push(u8::try_from(text.len()).map_err(|_| Failure::ExitFailed)?);
    message.extend(text);
    Ok(())
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, message: &[u8]) -> Result<(), Failure> {
    let sent = stream.write_all(message).await;
    sent.map_err(|_| Failure::ExitFailed)
}

async fn receive<const N: usize, S: AsyncRead + Unpin>(stream: &mut S) -> Result<[u8; N], Failure> {
    let mut message = [0; N];
    let read = stream.read_exact(&mut message).await;
    read.map(|_| message).map_err(|_| Failure::ExitFailed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use duotab_core::secret::Secret;
    use proptest::prelude::*;

    fn login() -> Login {
        Login {
            user: "me".to_owned(),
            password: Secret::new("pw"),
        }
    }

    async fn talk(
        host: &str,
        login: Option<&Login>,
        said: &[u8],
    ) -> (Result<(), Failure>, Vec<u8>) {
        let (mut near, mut far) = tokio::io::duplex(1024);
        far.write_all(said).await.unwrap();
        let host = Host::parse(host).unwrap();
        let mut result = greet(&mut near, login).await;
        if result.is_ok() {
            result = connect(&mut near, &host, 443).await;
        }
        drop(near);
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        (result, heard)
    }

    #[tokio::test]
    async fn a_name_is_left_to_the_proxy_and_an_address_is_not() {
        let said = [5, 0, 5, 0, 0, 1, 10, 0, 0, 1, 0, 9];
        let (result, heard) = talk("a.example", None, &said).await;
        assert_eq!(result, Ok(()));
        assert_eq!(heard, b"\x05\x01\x00\x05\x01\x00\x03\x09a.example\x01\xbb");
        let (result, heard) = talk("1.2.3.4", None, &said).await;
        assert_eq!(result, Ok(()));
        assert_eq!(
            heard,
            b"\x05\x01\x00\x05\x01\x00\x01\x01\x02\x03\x04\x01\xbb"
        );
        let (result, heard) = talk("[2600::1]", None, &said).await;
        assert_eq!(result, Ok(()));
        assert_eq!(heard.len(), 3 + 4 + 16 + 2);
    }

    #[tokio::test]
    async fn a_password_is_given_when_there_is_one() {
        let said = [5, 2, 1, 0, 5, 0, 0, 3, 1, b'x', 0, 9];
        let (result, heard) = talk("a.example", Some(&login()), &said).await;
        assert_eq!(result, Ok(()));
        assert!(heard.starts_with(b"\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01"));
        let open = [5, 0, 5, 0, 0, 3, 1, b'x', 0, 9];
        let (result, heard) = talk("a.example", Some(&login()), &open).await;
        assert_eq!(result, Ok(()));
        assert!(heard.starts_with(b"\x05\x02\x00\x02\x05\x01"));
        for (login, said) in [
            (Some(login()), &[5, 2, 1, 1][..]),
            (Some(login()), &[5, 255]),
            (Some(login()), &[5, 1]),
            (None, &[5, 255]),
            (None, &[5, 2]),
        ] {
            let refused = talk("a.example", login.as_ref(), said).await.0;
            assert_eq!(refused, Err(Failure::ExitLogin), "{said:?}");
        }
    }

    #[tokio::test]
    async fn what_the_proxy_says_is_told_apart() {
        for (reply, failure) in [
            (1, Failure::ExitFailed),
            (2, Failure::ExitFailed),
            (3, Failure::Unreachable),
            (4, Failure::Unreachable),
            (5, Failure::ConnectionRefused),
            (6, Failure::ConnectionTimedOut),
            (255, Failure::ExitFailed),
        ] {
            let said = [5, 0, 5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
            assert_eq!(
                talk("a.example", None, &said).await.0,
                Err(failure),
                "{reply}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(said: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (mut near, mut far) = tokio::io::duplex(4096);
                far.write_all(&said).await.unwrap();
                far.shutdown().await.unwrap();
                let host = Host::parse("a.example").unwrap();
                if greet(&mut near, None).await.is_ok() {
                    let _ = connect(&mut near, &host, 1).await;
                }
            });
        }
    }
}
