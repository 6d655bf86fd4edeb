//! A file that is being written, beside the place where it will stand.

use crate::certificates::files::sync_folder;
use innkeeper_domain::ports::Random;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use tokio::{fs::File as OpenFile, io::AsyncWriteExt as _};

/// Ends the name of an unfinished file.
const UNFINISHED: &str = ".unfinished";

/// Locked as long as its writer lives, so that what nobody writes any more can be told apart by any portal. Removed when
/// it is dropped unfinished.
pub(super) struct Unfinished {
    path: PathBuf,
    file: OpenFile,
}

impl Unfinished {
    /// Makes a file (mode 0600) under a drawn name.
    pub(super) fn create(folder: &Path, random: &dyn Random) -> io::Result<Self> {
        loop {
            let mut drawn = [0; 8];
            random.fill(&mut drawn);
            let path = folder.join(format!("{}{UNFINISHED}", hex::encode(drawn)));
            // `create_new` follows no link.
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.lock()?;
            // Whoever cleared between the two lines took it for left over.
            if file.metadata()?.nlink() > 0 {
                return Ok(Self { path, file: OpenFile::from_std(file) });
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Puts it, whole and for good, in place of whatever stands there.
    pub(super) async fn finish(mut self, place: &Path) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        tokio::fs::rename(&self.path, place).await?;
        let place = place.to_owned();
        tokio::task::spawn_blocking(move || sync_folder(&place)).await?
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // A finished one has another name; what stays for another reason is cleared later.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what killed writers left.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            match clear_one(&entry.path()) {
                // Finished or cleared by somebody else meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn clear_one(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    match file.try_lock() {
        // Still locked while it is removed: see `Unfinished::create`.
        Ok(()) => fs::remove_file(path),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::OsRandom;

    #[tokio::test]
    async fn only_what_nobody_writes_is_cleared() {
        let folder = std::env::temp_dir().join(format!("innkeeper-unfinished-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let names = || {
            let entries = fs::read_dir(&folder).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        fs::write(folder.join(format!("dead{UNFINISHED}")), "half").unwrap();
        let mut living = Unfinished::create(&folder, &OsRandom).unwrap();
        living.write(b"more").await.unwrap();
        clear(&folder).unwrap();
        assert_eq!(names(), [living.path.file_name().unwrap().to_str().unwrap()]);

        living.finish(&folder.join("whole")).await.unwrap();
        clear(&folder).unwrap();
        assert_eq!(names(), ["whole"]);
        assert_eq!(fs::metadata(folder.join("whole")).unwrap().mode() & 0o777, 0o600);

        drop(Unfinished::create(&folder, &OsRandom).unwrap());
        assert_eq!(names(), ["whole"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
