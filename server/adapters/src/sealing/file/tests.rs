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
    let made = MasterKeys::load_or_create(&path, &OsRandom).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with(&format!("innkeeper-key-1 {} ", made.current())));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    assert_eq!(MasterKeys::load_or_create(&path, &OsRandom).unwrap().current(), made.current());
    assert_eq!(MasterKeys::load(&path).unwrap().current.bytes(), made.current.bytes());
}

#[test]
fn only_load_or_create_makes_a_key() {
    let folder = Folder::new();
    assert!(matches!(MasterKeys::load(&folder.key()), Err(MasterKeyError::Read { .. })));
    assert!(!folder.key().exists());
}

#[test]
fn a_file_that_others_may_read_is_refused_with_the_command() {
    let folder = Folder::new();
    let path = folder.key();
    MasterKeys::load_or_create(&path, &OsRandom).unwrap();
    for open in [0o640, 0o604, 0o620, 0o610, 0o666] {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        let error = MasterKeys::load_or_create(&path, &OsRandom).unwrap_err();
        assert!(error.to_string().ends_with(&format!("run `chmod 600 {}`", path.display())), "{error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    MasterKeys::load(&path).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    let whole = MasterKey::draw(&OsRandom).to_line();
    let long = "a".repeat(5000);
    for damaged in ["", &whole[..40], &whole[..whole.len() - 5], &long, "innkeeper-key-1 a b"] {
        fs::write(folder.key(), damaged).unwrap();
        fs::set_permissions(folder.key(), Permissions::from_mode(0o600)).unwrap();
        let error = MasterKeys::load_or_create(&folder.key(), &OsRandom).unwrap_err();
        assert!(matches!(error, MasterKeyError::Broken { .. }), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&whole[33..45]), "{shown}");
        assert_eq!(fs::read_to_string(folder.key()).unwrap(), damaged);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = Folder::new();
    fs::set_permissions(&folder.0, Permissions::from_mode(0o700)).unwrap();
    let error = MasterKeys::load_or_create(&folder.0, &OsRandom).unwrap_err();
    assert!(matches!(error, MasterKeyError::NotAFile { .. }), "{error}");
}

#[test]
fn portals_that_start_at_once_share_one_key() {
    let folder = Folder::new();
    let ids: HashSet<String> = thread::scope(|scope| {
        let load = || MasterKeys::load_or_create(&folder.key(), &OsRandom).unwrap().current().to_owned();
        let portals: Vec<_> = (0..16).map(|_| scope.spawn(load)).collect();
        portals.into_iter().map(|portal| portal.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_replaced_file_keeps_owner_and_mode_and_a_link_to_it() {
    let folder = Folder::new();
    let (path, link) = (folder.key(), folder.0.join("link.key"));
    let mut keys = MasterKeys::load_or_create(&path, &OsRandom).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let owner = |path: &Path| fs::metadata(path).map(|facts| (facts.uid(), facts.gid())).unwrap();
    let before = owner(&path);
    keys.prepare(&OsRandom);
    keys.promote();
    keys.replace(&link, &OsRandom).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!((mode(&path), owner(&path)), (0o400, before));
    let read = MasterKeys::load(&path).unwrap();
    assert_eq!((read.current(), read.older()), (keys.current(), keys.older()));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn a_file_in_a_folder_that_is_gone_is_not_replaced() {
    let folder = Folder::new();
    let keys = MasterKeys::load_or_create(&folder.key(), &OsRandom).unwrap();
    let error = keys.replace(&folder.0.join("gone/master.key"), &OsRandom).unwrap_err();
    assert!(matches!(error, MasterKeyError::Replace { .. }), "{error}");
}
