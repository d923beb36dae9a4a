//! AES with a key of any length, in the two modes that logs are encrypted in.

use aes::{Aes128, Aes192, Aes256};
use cipher::consts::U16;
use cipher::inout::InOutBuf;
use cipher::{
    Block, BlockCipher, BlockDecryptMut, BlockEncrypt, BlockEncryptMut, BlockSizeUser, InnerIvInit as _, KeyInit as _,
    StreamCipher as _, StreamCipherCoreWrapper,
};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

use crate::keys::Key;

/// Length of a block, and of an IV.
pub(super) const BLOCK: usize = 16;

/// How blocks follow from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Each from the one before.
    Cbc,
    /// Each from its number.
    Ctr,
}

/// The key, made ready.
#[derive(Clone)]
pub(super) enum Aes {
    Bits128(Aes128),
    Bits192(Aes192),
    Bits256(Aes256),
}

impl Aes {
    pub(super) fn new(key: &Key) -> Option<Self> {
        let key = key.bytes();
        Aes128::new_from_slice(key)
            .map(Self::Bits128)
            .or_else(|_| Aes192::new_from_slice(key).map(Self::Bits192))
            .or_else(|_| Aes256::new_from_slice(key).map(Self::Bits256))
            .ok()
    }

    /// Decrypts in place.
    pub(super) fn decrypt(&self, mode: Mode, iv: &[u8; BLOCK], data: &mut [u8]) {
        match self {
            Self::Bits128(aes) => decrypt(aes, mode, iv, data),
            Self::Bits192(aes) => decrypt(aes, mode, iv, data),
            Self::Bits256(aes) => decrypt(aes, mode, iv, data),
        }
    }
}

fn decrypt<C>(aes: &C, mode: Mode, iv: &[u8; BLOCK], data: &mut [u8])
where
    C: BlockCipher + BlockSizeUser<BlockSize = U16> + BlockEncrypt + BlockEncryptMut + BlockDecryptMut + Clone,
{
    match mode {
        Mode::Cbc => decrypt_cbc(aes, iv, data),
        Mode::Ctr => {
            let core = CtrCore::<C, Ctr128BE>::inner_iv_init(aes.clone(), iv.into());
            StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
        }
    }
}

/// CBC without padding. What is left after the last whole block is masked with the encrypted IV, as
/// `ENCRYPTION_FLAG_NOPAD` has it in MariaDB (`mysys_ssl/my_crypt.cc`).
fn decrypt_cbc<C>(aes: &C, iv: &[u8; BLOCK], data: &mut [u8])
where
    C: BlockCipher + BlockSizeUser<BlockSize = U16> + BlockEncrypt + BlockDecryptMut + Clone,
{
    let (blocks, tail) = InOutBuf::from(data).into_chunks::<U16>();
    let mut cipher = cbc::Decryptor::<C>::inner_iv_init(aes.clone(), iv.into());
    cipher.decrypt_blocks_inout_mut(blocks);
    let mut mask = Block::<C>::from(*iv);
    aes.encrypt_block(&mut mask);
    for (mut byte, mask) in tail.into_iter().zip(mask) {
        let plain = *byte.get_in() ^ mask;
        *byte.get_out() = plain;
    }
}
