//! The ways to prove who one is.

use std::fmt;

use mysql_common::scramble::{create_response_for_ed25519, scramble_native, scramble_sha256};

use crate::live::link::LinkError;

/// An authentication plugin of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plugin {
    /// `mysql_native_password`
    Native,
    /// `caching_sha2_password`
    CachingSha2,
    /// `client_ed25519` of MariaDB
    Ed25519,
    /// `mysql_clear_password`
    Clear,
}

/// Bytes of the challenge; the zero that servers send after it does not count.
const NONCE_LEN: usize = 20;
/// Bytes of the challenge of `client_ed25519`.
const ED25519_NONCE_LEN: usize = 32;

impl Plugin {
    /// The plugin of this name.
    pub(super) fn named(name: &[u8]) -> Result<Self, LinkError> {
        match name {
            b"mysql_native_password" => Ok(Self::Native),
            b"caching_sha2_password" => Ok(Self::CachingSha2),
            b"client_ed25519" => Ok(Self::Ed25519),
            b"mysql_clear_password" => Ok(Self::Clear),
            other => Err(LinkError::Refused {
                why: format!(
                    "the authentication plugin {} is not supported",
                    String::from_utf8_lossy(other)
                ),
                hint: "use an account with caching_sha2_password, mysql_native_password or ed25519",
            }),
        }
    }

    /// The name as the server knows it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 => "caching_sha2_password",
            Self::Ed25519 => "client_ed25519",
            Self::Clear => "mysql_clear_password",
        }
    }

    /// The answer to the server's challenge. Nothing, where there is no password.
    pub(super) fn answer(self, password: &str, challenge: &[u8]) -> Vec<u8> {
        let password = password.as_bytes();
        if password.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Native => scramble_native(nonce(challenge), password).map_or_else(Vec::new, Vec::from),
            Self::CachingSha2 => scramble_sha256(nonce(challenge), password).map_or_else(Vec::new, Vec::from),
            Self::Ed25519 => {
                let nonce = challenge.get(..ED25519_NONCE_LEN).unwrap_or(challenge);
                create_response_for_ed25519(password, nonce).to_vec()
            }
            Self::Clear => [password, &[0]].concat(),
        }
    }
}

/// The challenge without what follows it.
pub(super) fn nonce(challenge: &[u8]) -> &[u8] {
    challenge.get(..NONCE_LEN).unwrap_or(challenge)
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first twenty bytes of a challenge count, and of one for ed25519 all 32, also where the last is zero.
    #[test]
    fn what_of_a_challenge_counts() {
        let challenge: Vec<u8> = (1..=20).collect();
        for plugin in [Plugin::Native, Plugin::CachingSha2] {
            let longer = [&challenge, [0].as_slice()].concat();
            assert_eq!(plugin.answer("x", &challenge), plugin.answer("x", &longer), "{plugin}");
        }
        let ends_in_zero = [[7; 31].as_slice(), &[0]].concat();
        let answer = Plugin::Ed25519.answer("x", &ends_in_zero);
        assert_eq!(answer.len(), 64);
        assert_ne!(answer, Plugin::Ed25519.answer("x", &[7; 31]));
    }

    #[test]
    fn answers() {
        for (plugin, len) in [(Plugin::Native, 20), (Plugin::CachingSha2, 32), (Plugin::Clear, 7)] {
            assert_eq!(plugin.answer("secret", &[7; 21]).len(), len, "{plugin}");
            assert!(plugin.answer("", &[7; 21]).is_empty(), "{plugin}");
            assert_eq!(Plugin::named(plugin.name().as_bytes()).ok(), Some(plugin));
        }
    }
}
