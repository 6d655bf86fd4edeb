use super::StartError;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Files that are open besides the clients' connections: those to servers, pipes of programs, backups.
const OTHER_FILES: usize = 256;
/// Connections that are taken even where that leaves too few files for the rest.
const FEWEST: usize = 64;

/// Sees that this process's memory, in which secrets pass, never lands in a core file and is not read by other
/// programs of the same user.
pub fn protect_memory() -> Result<(), StartError> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let failed = |doing| move |error: rustix::io::Errno| StartError::Process { doing, source: error.into() };
    setrlimit(Resource::Core, none).map_err(failed("core files could not be switched off"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(failed("memory could not be closed to other programs"))
}

/// Lets this process, and the programs it starts, have as many files open as the system allows it.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

/// How many files this process may have open at most; more than any number where there is no limit.
pub fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile).maximum;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// The most connections of clients: no more than that leave files for everything else, so that one can always be taken.
pub fn most_connections(wanted: usize) -> usize {
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    wanted.min(files.unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(FEWEST))
}
