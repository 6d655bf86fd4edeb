//! The machine that the portal runs on: its memory, and the space on its disks.

use innkeeper_domain::ports::MachineFacts;
use std::{fs, io, path::Path};

/// Where Linux says how much memory the processes of this container may use (cgroup v2); else there is no such limit.
const CONTAINER: &str = "/sys/fs/cgroup/memory.max";
const MB: u64 = 1 << 20;

/// Looks at the machine; `data` is a folder on the disk that is meant.
pub fn look(data: &Path) -> io::Result<MachineFacts> {
    let disk = rustix::fs::statvfs(data)?;
    let system = rustix::system::sysinfo();
    let bytes = system.totalram.saturating_mul(system.mem_unit.into());
    let bytes = fs::read_to_string(CONTAINER).map_or(bytes, |limit| within(bytes, &limit));
    // What processes without special rights can still write.
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Ok(MachineFacts {
        memory_mb: i32::try_from(bytes / MB).unwrap_or(i32::MAX),
        free_bytes: i64::try_from(free).unwrap_or(i64::MAX),
    })
}

/// The container's limit, where it has one that is less (“max” is none).
fn within(bytes: u64, limit: &str) -> u64 {
    limit.trim().parse().map_or(bytes, |limit| bytes.min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_a_disk() {
        let found = look(&std::env::temp_dir()).unwrap();
        assert!(found.memory_mb > 100 && found.free_bytes > 0, "{found:?}");
        assert!(look(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn a_container_may_use_less_than_the_machine_has() {
        assert_eq!(within(8, "max\n"), 8);
        assert_eq!(within(8, "4\n"), 4);
        assert_eq!(within(8, "16"), 8);
    }
}
