use super::*;
use crate::system::OsRandom;
use chacha20poly1305::aead::{Aead as _, Payload};
use proptest::prelude::*;
use uuid::Uuid;

fn key(byte: &str) -> Secret {
    Secret::new(byte.repeat(KEY))
}

fn shop() -> TenantName {
    TenantName::parse("shop_k3v9x2").unwrap()
}

const ID: BackupId = BackupId(Uuid::from_u128(7));

/// The header and the sealed pieces of a text.
fn sealed(plain: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut pieces, header) = Pieces::begin(&key("5a"), ID, &shop(), &OsRandom).unwrap();
    let plain: Vec<&[u8]> = if plain.is_empty() { vec![&[]] } else { plain.chunks(PIECE).collect() };
    let count = plain.len();
    let seal = |(at, piece): (usize, &&[u8])| {
        let mut piece = piece.to_vec();
        pieces.seal(&mut piece, at + 1 == count).unwrap();
        piece
    };
    (header, plain.iter().enumerate().map(seal).collect())
}

fn open_as(
    key: &Secret,
    id: BackupId,
    tenant: &TenantName,
    header: &[u8],
    sealed: &[Vec<u8>],
) -> Result<Vec<u8>, CipherError> {
    let mut pieces = Pieces::of(key, id, tenant, header)?;
    let mut plain = Vec::new();
    for (at, piece) in sealed.iter().enumerate() {
        let mut piece = piece.clone();
        pieces.open(&mut piece, at + 1 == sealed.len())?;
        plain.extend(piece);
    }
    Ok(plain)
}

fn open(header: &[u8], sealed: &[Vec<u8>]) -> Result<Vec<u8>, CipherError> {
    open_as(&key("5a"), ID, &shop(), header, sealed)
}

/// Bytes that no two places share for long.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap()).collect()
}

#[test]
fn every_length_around_a_piece_comes_back() {
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1] {
        let (header, pieces) = sealed(&text(length));
        assert_eq!(header.len(), HEADER);
        assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() == PIECE + TAG));
        assert_eq!(open(&header, &pieces), Ok(text(length)), "{length}");
    }
}

/// Backups are kept for a month: whatever makes the pieces, they are what the head of the module says.
#[test]
fn the_bytes_are_those_of_the_format() {
    let (header, pieces) = sealed(&text(PIECE + 5));
    let cipher = XChaCha20Poly1305::new((&[0x5a; KEY]).into());
    let aad = [&header[..], format!("{ID} shop_k3v9x2").as_bytes()].concat();
    for (number, (piece, plain)) in pieces.iter().zip(text(PIECE + 5).chunks(PIECE)).enumerate() {
        let mut nonce = [0; 24];
        nonce[..19].copy_from_slice(&header[17..]);
        nonce[22..].copy_from_slice(&[u8::try_from(number).unwrap(), u8::from(number == 1)]);
        let bytes = cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: &aad }).unwrap();
        assert!(*piece == bytes, "piece {number}");
    }
}

#[test]
fn pieces_stay_in_their_place_and_the_end_at_the_end() {
    let (header, pieces) = sealed(&text(4 * PIECE));
    let refused =
        |pieces: &[Vec<u8>], at: u64| assert_eq!(open(&header, pieces), Err(CipherError::Piece(at)));
    refused(&pieces[..3], 2);
    refused(&pieces[1..], 0);
    refused(&[pieces[0].clone(), pieces[2].clone(), pieces[1].clone(), pieces[3].clone()], 1);
    refused(&[pieces[0].clone(), pieces[0].clone(), pieces[1].clone(), pieces[3].clone()], 1);
    refused(&[pieces.clone(), vec![pieces[3].clone()]].concat(), 3);
    let (_, others) = sealed(&text(4 * PIECE));
    refused(&[pieces[0].clone(), others[1].clone(), pieces[2].clone(), pieces[3].clone()], 1);
}

#[test]
fn it_opens_for_its_own_key_id_and_tenant_only() {
    let (header, pieces) = sealed(b"rows");
    let other = BackupId(Uuid::from_u128(8));
    let blog = TenantName::parse("blog_k3v9x2").unwrap();
    let refused = Err(CipherError::Piece(0));
    assert_eq!(open_as(&key("5b"), ID, &shop(), &header, &pieces), refused);
    assert_eq!(open_as(&key("5a"), other, &shop(), &header, &pieces), refused);
    assert_eq!(open_as(&key("5a"), ID, &blog, &header, &pieces), refused);
    assert_eq!(open_as(&key("5A"), ID, &shop(), &header, &pieces), Ok(b"rows".to_vec()));
}

#[test]
fn what_is_no_key_or_no_backup_is_named() {
    let (header, pieces) = sealed(b"rows");
    for bad in ["", "5a", &"5g".repeat(KEY), &"5a".repeat(KEY + 1)] {
        let opened = open_as(&Secret::new(bad), ID, &shop(), &header, &pieces);
        assert_eq!(opened, Err(CipherError::Key));
    }
    let newer = [b"innkeeper backup\x02", &header[17..]].concat();
    for bad in [&b""[..], &header[1..], &header[..HEADER - 1], &newer] {
        assert_eq!(open(bad, &pieces), Err(CipherError::Header));
    }
}

#[test]
fn no_two_backups_are_alike() {
    assert_ne!(sealed(b"rows"), sealed(b"rows"));
}

#[test]
fn a_stream_ends_before_its_numbers_do() {
    let (mut pieces, _) = Pieces::begin(&key("5a"), ID, &shop(), &OsRandom).unwrap();
    pieces.next = u64::from(u32::MAX);
    pieces.seal(&mut vec![1], false).unwrap();
    assert_eq!(pieces.seal(&mut vec![1], true), Err(CipherError::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_comes_back_and_no_changed_bit_does(
        length in 0..3 * PIECE, at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let plain = text(length);
        let (mut header, mut pieces) = sealed(&plain);
        prop_assert_eq!(open(&header, &pieces), Ok(plain));
        let stored = header.len() + pieces.iter().map(Vec::len).sum::<usize>();
        let mut at = at.index(stored);
        for part in std::iter::once(&mut header).chain(&mut pieces) {
            if at < part.len() {
                part[at] ^= 1 << bit;
                break;
            }
            at -= part.len();
        }
        prop_assert!(open(&header, &pieces).is_err());
    }

    #[test]
    fn nothing_cut_off_opens(length in 0..2 * PIECE, cut in 1..PIECE) {
        let (header, mut pieces) = sealed(&text(length));
        let last = pieces.last_mut().unwrap();
        last.truncate(last.len().saturating_sub(cut));
        prop_assert!(open(&header, &pieces).is_err());
    }
}
