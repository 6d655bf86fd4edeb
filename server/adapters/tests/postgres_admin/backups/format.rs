//! Opens a backup by its documented format alone, as somebody without the portal would.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};

const HEADER: usize = 17 + 19;
const PIECE: usize = 64 * 1024 + 16;

/// The dump inside.
pub fn open(file: &[u8], key: &str, id: &str, tenant: &str) -> Vec<u8> {
    let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
    let cipher = XChaCha20Poly1305::new(&key.into());
    let (header, pieces) = file.split_at(HEADER);
    assert_eq!(&header[..17], b"innkeeper backup\x01");
    let aad = [header, format!("{id} {tenant}").as_bytes()].concat();
    let count = pieces.chunks(PIECE).count();
    let open = |(number, msg): (usize, &[u8])| {
        let last = u8::from(number + 1 == count);
        let number = u32::try_from(number).unwrap().to_be_bytes();
        let nonce: [u8; 24] = [&header[17..], &number, &[last]].concat().try_into().unwrap();
        cipher.decrypt(&nonce.into(), Payload { msg, aad: &aad }).unwrap()
    };
    pieces.chunks(PIECE).enumerate().flat_map(open).collect()
}
