use super::StartError;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Sees that this process's memory, in which secrets pass, never lands in a core file and is not read by other
/// programs of the same user.
pub fn protect_memory() -> Result<(), StartError> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let failed = |doing| move |error: rustix::io::Errno| StartError::Process { doing, source: error.into() };
    setrlimit(Resource::Core, none).map_err(failed("core files could not be switched off"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(failed("memory could not be closed to other programs"))
}
