use super::*;
use crate::system::OsRandom;
use proptest::prelude::*;
use std::os::unix::fs::PermissionsExt as _;
use std::{collections::HashSet, thread};

fn sealer() -> MasterSealer {
    with(&MasterKey::draw(&OsRandom))
}

fn with(key: &MasterKey) -> MasterSealer {
    MasterSealer::new(MasterKeys::of(key.clone()), Arc::new(OsRandom))
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
        let sealed = Sealed { key_id: sealer.keys().current().into(), bytes };
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
    assert!(matches!(&error, SealError::UnknownKey(id) if *id == *other.keys().current()));
    assert!(error.to_string().contains(other.keys().current()));
    // The right name with the wrong key does not open either.
    let renamed = Sealed { key_id: mine.keys().current().into(), ..sealed };
    assert!(matches!(mine.open(&renamed, "a"), Err(SealError::Broken)));
}

#[test]
fn older_keys_open_and_the_new_one_seals() {
    let [first, second, third] = std::array::from_fn(|_| MasterKey::draw(&OsRandom));
    let older = vec![second.clone(), first.clone()];
    let rotated = MasterKeys { current: third.clone(), next: None, older };
    let rotated = MasterSealer::new(rotated, Arc::new(OsRandom));
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
    for secret in [&b"correct"[..], &sealer.keys().current.bytes()[..8]] {
        assert!(!record.bytes.windows(secret.len()).any(|part| part == secret));
    }
    assert_eq!(format!("{sealer:?}"), "[sealer]");
}

#[test]
fn a_replaced_file_is_read_again_and_a_missing_one_changes_nothing() {
    let mut name = [0; 8];
    OsRandom.fill(&mut name);
    let folder = std::env::temp_dir().join(format!("innkeeper-sealer-{}", hex::encode(name)));
    let path = folder.join("master.key");
    let sealer = MasterSealer::of_file(&path, Arc::new(OsRandom)).unwrap();
    let mut keys = MasterKeys::load(&path).unwrap();
    let first = sealer.seal(b"text", "a");
    let opens = |sealed: &Sealed| sealer.open(sealed, "a").is_ok_and(|text| text.as_slice() == b"text");

    // Prepared it opens only, then it seals; the one before opens on.
    keys.prepare(&OsRandom);
    let second = with(keys.next.as_ref().unwrap()).seal(b"text", "a");
    assert!(matches!(sealer.open(&second, "a"), Err(SealError::UnknownKey(_))));
    keys.replace(&path, &OsRandom).unwrap();
    assert!(opens(&first) && opens(&second));
    assert_eq!(sealer.seal(b"text", "a").key_id, first.key_id);
    keys.promote();
    keys.replace(&path, &OsRandom).unwrap();
    assert_eq!(sealer.seal(b"text", "a").key_id, second.key_id);
    assert!(opens(&first) && opens(&second));

    // Out of the file it still opens what was read before, until the next start.
    keys.remove(&first.key_id);
    keys.replace(&path, &OsRandom).unwrap();
    assert!(opens(&first) && opens(&second));
    let restarted = MasterSealer::of_file(&path, Arc::new(OsRandom)).unwrap();
    assert!(matches!(restarted.open(&first, "a"), Err(SealError::UnknownKey(_))));

    // One that others may read is refused, and is read once that is mended.
    keys.prepare(&OsRandom);
    keys.promote();
    keys.replace(&path, &OsRandom).unwrap();
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(sealer.seal(b"text", "a").key_id, second.key_id);
    mode(0o600);
    assert_eq!(sealer.seal(b"text", "a").key_id, keys.current());

    std::fs::remove_file(&path).unwrap();
    assert!(opens(&second));
    assert_eq!(sealer.seal(b"text", "a").key_id, keys.current());
    std::fs::remove_dir_all(&folder).unwrap();
}
