use super::*;
use crate::system::OsRandom;
use std::{collections::HashSet, env, thread};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let mut name = [0; 8];
        OsRandom.fill(&mut name);
        let path = env::temp_dir().join(format!("innkeeper-sealing-{}", hex::encode(name)));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn key(&self) -> PathBuf {
        self.0.join("master.key")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_key_is_for_its_owner_only_and_is_found_again() {
    let folder = Folder::new();
    let path = folder.0.join("deeper").join("master.key");
    let made = MasterKey::load_or_create(&path, &OsRandom).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with(&format!("innkeeper-key-1 {} ", made.id())));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    assert_eq!(MasterKey::load_or_create(&path, &OsRandom).unwrap().id(), made.id());
    assert_eq!(MasterKey::load(&path).unwrap().bytes(), made.bytes());
}

#[test]
fn only_load_or_create_makes_a_key() {
    let folder = Folder::new();
    assert!(matches!(MasterKey::load(&folder.key()), Err(MasterKeyError::Read { .. })));
    assert!(!folder.key().exists());
}

#[test]
fn a_file_that_others_may_read_is_refused_with_the_command() {
    let folder = Folder::new();
    let path = folder.key();
    MasterKey::load_or_create(&path, &OsRandom).unwrap();
    for open in [0o640, 0o604, 0o620, 0o610, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let error = MasterKey::load_or_create(&path, &OsRandom).unwrap_err();
        assert!(error.to_string().ends_with(&format!("run `chmod 600 {}`", path.display())), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    MasterKey::load(&path).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    let whole = MasterKey::draw(&OsRandom).to_line();
    let long = "a".repeat(5000);
    for damaged in ["", &whole[..40], &whole[..whole.len() - 5], &long, "innkeeper-key-1 a b"] {
        fs::write(folder.key(), damaged).unwrap();
        fs::set_permissions(folder.key(), fs::Permissions::from_mode(0o600)).unwrap();
        let error = MasterKey::load_or_create(&folder.key(), &OsRandom).unwrap_err();
        assert!(matches!(error, MasterKeyError::Broken { .. }), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&whole[33..45]), "{shown}");
        assert_eq!(fs::read_to_string(folder.key()).unwrap(), damaged);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let error = MasterKey::load_or_create(&folder.0, &OsRandom).unwrap_err();
    assert!(matches!(error, MasterKeyError::NotAFile { .. }), "{error}");
}

#[test]
fn portals_that_start_at_once_share_one_key() {
    let folder = Folder::new();
    let ids: HashSet<String> = thread::scope(|scope| {
        let load = || MasterKey::load_or_create(&folder.key(), &OsRandom).unwrap().id().to_owned();
        let portals: Vec<_> = (0..16).map(|_| scope.spawn(load)).collect();
        portals.into_iter().map(|portal| portal.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}
