//! From a configuration to a running portal, and back down again.

mod control;
mod customers;
mod error;
mod explain;
mod external;
mod folder;
mod logging;
mod migrations;
mod output;
mod pool;
mod process;
mod providers;
mod reach;
mod serve;
mod workers;

pub use control::Control;
pub use error::StartError;
pub use explain::explain;
pub use external::ExternalError;
pub use folder::{CA, ensure_data_folder, is_private};
pub use logging::start_logging;
pub use process::{open_files, protect_memory, raise_open_files};
pub use providers::{ProviderError, check_providers};
pub use reach::{COUNT_THEM, FIRST_SERVER, NOT_COUNTED, Reach, ServerSettings};
pub use serve::serve;
