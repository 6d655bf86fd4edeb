use super::StartError;
use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

/// The folder of the certificate authority in the data folder.
pub const CA: &str = "ca";

/// What others may do in the data folder: pass through, where the embedded cluster runs as a user of its own.
const OTHERS: u32 = 0o066;

/// Makes the data folder, closed to others, or closes the one that is there.
pub fn ensure_data_folder(path: &Path) -> Result<(), StartError> {
    let ensure = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & OTHERS != 0 {
            fs::set_permissions(path, Permissions::from_mode(mode & 0o7777 & !OTHERS))?;
        }
        Ok(())
    };
    ensure().map_err(|source| StartError::DataFolder { path: path.to_owned(), source })
}

/// Whether others can neither list nor change a folder.
pub fn is_private(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & OTHERS == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_closed_to_others() {
        let folder = std::env::temp_dir().join(format!("innkeeper-portal-{}", std::process::id()));
        let below = folder.join("a/data");
        ensure_data_folder(&below).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&below), 0o700);
        fs::set_permissions(&below, Permissions::from_mode(0o755)).unwrap();
        assert!(!is_private(&below).unwrap());
        ensure_data_folder(&below).unwrap();
        assert_eq!(mode(&below), 0o711);
        assert!(is_private(&below).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
