//! The connection phase: the server's greeting, encryption, and logging in.

use std::fs;

use mysql::Opts;

use crate::live::link::auth::{Plugin, nonce};
use crate::live::link::packets::Packets;
use crate::live::link::transport::Transport;
use crate::live::link::{ERR, LinkError, OK, rsa, unexpected};

/// Greets back and proves who we are.
pub(super) fn log_in(mut packets: Packets<Transport>, opts: &Opts) -> Result<Packets<Transport>, LinkError> {
    let greeting = packets.read()?;
    if greeting.first() == Some(&ERR) {
        return Err(unexpected(&greeting));
    }
    let greeting = Greeting::decode(&greeting).ok_or_else(|| LinkError::malformed("not a MySQL server's greeting"))?;
    let mut capabilities = WANTED & greeting.capabilities;
    if packets.stream().is_plain_tcp() && opts.get_ssl_opts().is_some() {
        capabilities |= SSL;
        packets = encrypt(packets, &greeting, capabilities, opts)?;
    }
    // Other plugins than these two the server must ask for by itself.
    let plugin = match Plugin::named(greeting.plugin) {
        Ok(Plugin::CachingSha2) => Plugin::CachingSha2,
        _ => Plugin::Native,
    };
    packets.write(&response(capabilities, plugin, &greeting, opts))?;
    prove(&mut packets, plugin, greeting.challenge, opts)?;
    Ok(packets)
}

const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 1 << 2;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
/// What this client can. Results are asked for without any newer form.
const WANTED: u32 = LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
/// The largest packet that any server sends.
const MAX_PACKET: u32 = 1 << 30;
/// `utf8mb4_general_ci`
const COLLATION: u8 = 45;

/// What a server says first.
#[derive(Debug, PartialEq, Eq)]
struct Greeting<'p> {
    capabilities: u32,
    challenge: Vec<u8>,
    /// Name of its default authentication plugin; empty where it does not say it.
    plugin: &'p [u8],
}

impl<'p> Greeting<'p> {
    /// Protocol 10: version (to a zero byte), connection id (4), challenge (8), a zero byte, capabilities (2), collation
    /// (1), status (2), more capabilities (2), length of the challenge (1), 10 bytes, the rest of the challenge (at
    /// least 13), the plugin (to a zero byte).
    fn decode(packet: &'p [u8]) -> Option<Self> {
        let rest = packet.strip_prefix(&[10])?;
        let (_, rest) = until_zero(rest)?;
        let (fixed, rest) = rest.split_first_chunk::<31>()?;
        let [
            _,
            _,
            _,
            _,
            challenge @ ..,
            low0,
            low1,
            _,
            _,
            _,
            high0,
            high1,
            len,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
        ] = fixed;
        let capabilities = u32::from_le_bytes([*low0, *low1, *high0, *high1]);
        let mut challenge = challenge.get(..8)?.to_vec();
        let more = usize::from(*len).saturating_sub(8).max(13);
        let (more, rest) = rest.split_at_checked(more)?;
        challenge.extend(more);
        let has_plugin = capabilities & PLUGIN_AUTH != 0;
        let plugin = until_zero(rest).map_or(rest, |(plugin, _)| plugin);
        (capabilities & PROTOCOL_41 != 0).then_some(Self {
            capabilities,
            challenge,
            plugin: if has_plugin { plugin } else { b"" },
        })
    }
}

/// What stands before the first zero byte, and what stands after it.
fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

fn encrypt(
    mut packets: Packets<Transport>,
    greeting: &Greeting<'_>,
    capabilities: u32,
    opts: &Opts,
) -> Result<Packets<Transport>, LinkError> {
    if greeting.capabilities & SSL == 0 {
        return Err(LinkError::Tls("the server does not offer it".to_owned()));
    }
    packets.write(&response_head(capabilities))?;
    packets.over(|transport| transport.encrypted(opts))
}

/// The fixed part of the answer, which alone asks for encryption: capabilities, largest packet, collation, 23 zero bytes.
fn response_head(capabilities: u32) -> Vec<u8> {
    let mut out = capabilities.to_le_bytes().to_vec();
    out.extend(MAX_PACKET.to_le_bytes());
    out.push(COLLATION);
    out.extend([0; 23]);
    out
}

/// The answer: also the user, and the first proof under the plugin named.
fn response(capabilities: u32, plugin: Plugin, greeting: &Greeting<'_>, opts: &Opts) -> Vec<u8> {
    let answer = plugin.answer(password(opts), &greeting.challenge);
    let mut out = response_head(capabilities);
    out.extend(opts.get_user().unwrap_or_default().bytes().filter(|&byte| byte != 0));
    out.push(0);
    out.push(answer.len() as u8);
    out.extend(answer);
    if capabilities & PLUGIN_AUTH != 0 {
        out.extend(plugin.name().as_bytes());
        out.push(0);
    }
    out
}

fn password(opts: &Opts) -> &str {
    opts.get_pass().unwrap_or_default()
}

/// Answers the server until it is content. It changes the plugin at most a few times.
fn prove(
    packets: &mut Packets<Transport>,
    mut plugin: Plugin,
    mut challenge: Vec<u8>,
    opts: &Opts,
) -> Result<(), LinkError> {
    const ROUNDS: usize = 8;
    for _ in 0..ROUNDS {
        let packet = packets.read()?;
        match packet.split_first() {
            Some((&OK, _)) => return Ok(()),
            Some((&SWITCH, request)) => {
                (plugin, challenge) = switched(request, opts)?;
                packets.write(&plugin.answer(password(opts), &challenge))?;
            }
            Some((&MORE, &[SHA2_CACHED])) if plugin == Plugin::CachingSha2 => {}
            Some((&MORE, &[SHA2_FULL])) if plugin == Plugin::CachingSha2 => {
                let proof = whole_password(packets, &challenge, opts)?;
                packets.write(&proof)?;
            }
            _ => return Err(unexpected(&packet)),
        }
    }
    Err(LinkError::malformed("the server asks for ever more proofs"))
}

/// First byte of a packet that asks for another plugin.
const SWITCH: u8 = 0xfe;
/// First byte of a packet for the plugin.
const MORE: u8 = 0x01;
/// `caching_sha2_password`: the server remembers the password.
const SHA2_CACHED: u8 = 3;
/// `caching_sha2_password`: the server must see the password itself.
const SHA2_FULL: u8 = 4;
/// `caching_sha2_password`: the request for the server's key.
const SHA2_KEY: u8 = 2;

/// The plugin that is asked for, and its challenge.
fn switched(request: &[u8], opts: &Opts) -> Result<(Plugin, Vec<u8>), LinkError> {
    let (name, challenge) = until_zero(request).unwrap_or((request, b""));
    let plugin = Plugin::named(name)?;
    if plugin == Plugin::Clear && !opts.get_enable_cleartext_plugin() {
        return Err(LinkError::Refused {
            why: format!("the server asks for the password in clear text ({plugin})"),
            hint: "allow it with ?enable_cleartext_plugin=true in the URL, over an encrypted link",
        });
    }
    Ok((plugin, challenge.to_vec()))
}

/// The password: as it is where nobody else can read it, else under the server's key.
fn whole_password(packets: &mut Packets<Transport>, challenge: &[u8], opts: &Opts) -> Result<Vec<u8>, LinkError> {
    if !packets.stream().is_plain_tcp() {
        return Ok(Plugin::Clear.answer(password(opts), challenge));
    }
    let key = server_key(packets, opts)?;
    rsa::encrypted(password(opts), nonce(challenge), &key).ok_or_else(|| LinkError::Refused {
        why: "the server's RSA key is not valid, or too short for the password".to_owned(),
        hint: "encrypt the link: --ssl-mode required, or better",
    })
}

fn server_key(packets: &mut Packets<Transport>, opts: &Opts) -> Result<Vec<u8>, LinkError> {
    if let Some(path) = opts.get_server_key_path() {
        return fs::read(path).map_err(|error| LinkError::Refused {
            why: format!("{}: {error}", path.display()),
            hint: "name the file of the server's RSA key",
        });
    }
    packets.write(&[SHA2_KEY])?;
    let packet = packets.read()?;
    match packet.split_first() {
        Some((&MORE, key)) => Ok(key.to_vec()),
        _ => Err(unexpected(&packet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(challenge_len: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = b"\x0a9.7.0\0\x01\0\0\0ABCDEFGH\0\xff\xff\x2d\x02\0\xff\xdf".to_vec();
        packet.push(challenge_len);
        packet.extend([0; 10]);
        packet.extend(rest);
        packet
    }

    #[test]
    fn greetings() {
        let packet = greeting(21, b"abcdefghijkl\0caching_sha2_password\0");
        let decoded = Greeting::decode(&packet).unwrap();
        assert_eq!(decoded.plugin, b"caching_sha2_password");
        assert_eq!(nonce(&decoded.challenge), b"ABCDEFGHabcdefghijkl");
        assert_eq!(decoded.capabilities, 0xdfff_ffff);
        for len in 0..packet.len() - 22 {
            assert_eq!(Greeting::decode(packet.get(..len).unwrap()), None, "{len}");
        }
        assert!(Greeting::decode(&greeting(0x84, &[1; 20])).is_none());
        assert!(Greeting::decode(&greeting(0, &[1; 20])).is_some());
    }

    #[test]
    fn changes_of_the_plugin() {
        let opts = Opts::default();
        let (plugin, challenge) = switched(b"client_ed25519\0abc\0", &opts).unwrap();
        assert_eq!((plugin, challenge.as_slice()), (Plugin::Ed25519, b"abc\0".as_slice()));
        for refused in [b"mysql_clear_password\0".as_slice(), b"parsec\0xyz", b"", b"\0"] {
            assert!(matches!(switched(refused, &opts), Err(LinkError::Refused { .. })));
        }
    }
}
