use super::*;
use crate::system::OsRandom;
use proptest::prelude::*;
use std::{collections::HashSet, thread};

fn sealer() -> MasterSealer {
    MasterSealer::new(MasterKey::draw(&OsRandom), Arc::new(OsRandom))
}

fn with(key: &MasterKey) -> MasterSealer {
    MasterSealer::new(key.clone(), Arc::new(OsRandom))
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_context_only(
        plain in proptest::collection::vec(any::<u8>(), 0..300),
        context in ".{0,40}",
        other in ".{0,40}",
    ) {
        let sealer = sealer();
        let sealed = sealer.seal(&plain, &context);
        prop_assert_eq!(sealed.bytes.len(), 1 + 24 + 48 + 24 + plain.len() + 16);
        let opened = sealer.open(&sealed, &context).unwrap();
        prop_assert_eq!(opened.as_slice(), &plain[..]);
        if other != context {
            prop_assert!(matches!(sealer.open(&sealed, &other), Err(SealError::Broken)));
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let sealer = sealer();
        let sealed = Sealed { key_id: sealer.key.id().into(), bytes };
        prop_assert!(matches!(sealer.open(&sealed, "a"), Err(SealError::Broken)));
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_refused() {
    let sealer = sealer();
    let record = sealer.seal(b"correct horse battery", "handoff hd_1 owner");
    for at in 0..record.bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = record.clone();
            changed.bytes[at] ^= flip;
            assert!(
                matches!(sealer.open(&changed, "handoff hd_1 owner"), Err(SealError::Broken)),
                "byte {at}"
            );
        }
        let cut = Sealed { bytes: record.bytes[..at].into(), ..record.clone() };
        assert!(matches!(sealer.open(&cut, "handoff hd_1 owner"), Err(SealError::Broken)), "cut at {at}");
    }
    let longer = Sealed { bytes: [&record.bytes[..], &[0]].concat(), ..record.clone() };
    assert!(matches!(sealer.open(&longer, "handoff hd_1 owner"), Err(SealError::Broken)));
}

#[test]
fn a_wrapped_key_does_not_open_another_record() {
    let sealer = sealer();
    let (a, b) = (sealer.seal(b"first", "a"), sealer.seal(b"other", "b"));
    let head = 1 + NONCE + KEY + TAG;
    let mixed = Sealed { bytes: [&a.bytes[..head], &b.bytes[head..]].concat(), ..a };
    for context in ["a", "b"] {
        assert!(matches!(sealer.open(&mixed, context), Err(SealError::Broken)));
    }
}

#[test]
fn an_unknown_key_is_named() {
    let (mine, other) = (sealer(), sealer());
    let sealed = other.seal(b"text", "a");
    let error = mine.open(&sealed, "a").unwrap_err();
    assert!(matches!(&error, SealError::UnknownKey(id) if *id == *other.key.id()));
    assert!(error.to_string().contains(other.key.id()));
    // The right name with the wrong key does not open either.
    let renamed = Sealed { key_id: mine.key.id().into(), ..sealed };
    assert!(matches!(mine.open(&renamed, "a"), Err(SealError::Broken)));
}

#[test]
fn older_keys_open_and_the_new_one_seals() {
    let [first, second, third] = std::array::from_fn(|_| MasterKey::draw(&OsRandom));
    let rotated = with(&third).with_older(second.clone()).with_older(first.clone());
    for key in [&first, &second, &third] {
        let sealed = with(key).seal(b"text", "a");
        assert_eq!(sealed.key_id, key.id());
        assert_eq!(rotated.open(&sealed, "a").unwrap().as_slice(), b"text");
    }
    assert_eq!(rotated.seal(b"text", "a").key_id, third.id());
}

#[test]
fn no_nonce_comes_twice() {
    let sealer = sealer();
    let nonces = || {
        let records = (0..50_000).map(|_| sealer.seal(b"x", "a"));
        records
            .flat_map(|sealed| Parts::read(&sealed.bytes).map(|p| [*p.wrap_nonce, *p.data_nonce]).unwrap())
            .collect()
    };
    let drawn: [Vec<_>; 2] = thread::scope(|scope| {
        let halves = [scope.spawn(nonces), scope.spawn(nonces)];
        halves.map(|half| half.join().unwrap())
    });
    assert_eq!(drawn.concat().into_iter().collect::<HashSet<_>>().len(), 200_000);
}

#[test]
fn nothing_of_the_text_or_the_keys_stands_in_the_record_or_in_debug() {
    let sealer = sealer();
    let record = sealer.seal(b"correct horse battery", "a");
    for secret in [&b"correct"[..], &sealer.key.bytes()[..8]] {
        assert!(!record.bytes.windows(secret.len()).any(|part| part == secret));
    }
    assert_eq!(format!("{sealer:?}"), "[sealer]");
}
