//! As whom the server runs, and who the portal is.

use super::{EmbeddedError, error::file};
use std::{fs, path::Path, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

const DEADLINE: Duration = Duration::from_secs(10);

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OsUser {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// The user this process runs as.
pub(super) async fn portal() -> Result<OsUser, EmbeddedError> {
    by_id(rustix::process::geteuid().as_raw()).await
}

/// The user the server is to run as: the portal's own, or an unprivileged one where the portal is root. A cluster that
/// exists keeps its owner.
pub(super) async fn cluster(
    portal: &OsUser,
    existing: Option<(&Path, u32)>,
) -> Result<OsUser, EmbeddedError> {
    match existing {
        Some((path, owner)) if portal.uid != 0 && owner != portal.uid => {
            Err(EmbeddedError::NotOwner { path: path.to_owned(), owner })
        }
        _ if portal.uid != 0 => Ok(portal.clone()),
        // Root owns it after a restore as root: it then goes to the usual user.
        Some((_, owner)) if owner != 0 => by_id(owner).await,
        _ => {
            for name in ["postgres", "innkeeper"] {
                if let Some(user) = look_up(name).await?.filter(|user| user.uid != 0) {
                    return Ok(user);
                }
            }
            Err(EmbeddedError::NoUser)
        }
    }
}

async fn by_id(id: u32) -> Result<OsUser, EmbeddedError> {
    look_up(&id.to_string()).await?.ok_or(EmbeddedError::NamelessUser { id })
}

/// Looks in `/etc/passwd`, then asks the system's other sources of users (a directory service) through `getent`.
async fn look_up(key: &str) -> Result<Option<OsUser>, EmbeddedError> {
    let passwd = fs::read_to_string("/etc/passwd").map_err(file("/etc/passwd", "read"))?;
    if let Some(user) = find(&passwd, key) {
        return Ok(Some(user));
    }
    let mut command = Command::new("getent");
    command.args(["passwd", key]).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(DEADLINE, command.output()).await {
        Ok(Ok(output)) => Ok(find(&String::from_utf8_lossy(&output.stdout), key)),
        // Systems without `getent` have no other sources.
        Ok(Err(_)) => Ok(None),
        Err(_) => Err(EmbeddedError::Deadline { program: "getent".into(), seconds: DEADLINE.as_secs() }),
    }
}

/// The line of this name or id (passwd(5): name, password, uid, gid, …).
fn find(passwd: &str, key: &str) -> Option<OsUser> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let user = OsUser { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? };
        (name == key || uid == key).then_some(user)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_by_id() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\n# a comment\npostgres:x:101:104:,,,:/var/lib:/bin/bash\n";
        let postgres = OsUser { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(find(passwd, "postgres"), Some(postgres.clone()));
        assert_eq!(find(passwd, "101"), Some(postgres));
        assert_eq!(find(passwd, "10"), None);
    }

    #[tokio::test]
    async fn a_cluster_of_someone_else_is_refused_unless_root_asks() {
        let me = OsUser { name: "me".to_owned(), uid: 1000, gid: 1000 };
        let path = Path::new("/data");
        assert_eq!(cluster(&me, None).await.unwrap(), me);
        assert_eq!(cluster(&me, Some((path, 1000))).await.unwrap(), me);
        assert!(matches!(cluster(&me, Some((path, 4))).await, Err(EmbeddedError::NotOwner { owner: 4, .. })));
        let root = OsUser { name: "root".to_owned(), uid: 0, gid: 0 };
        let nameless = cluster(&root, Some((path, 3_999_999))).await;
        assert!(matches!(nameless, Err(EmbeddedError::NamelessUser { id: 3_999_999 })));
    }
}
