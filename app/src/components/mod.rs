//! Parts that several pages are made of. They know no request: everything they show is handed to them.

mod badge;
mod code;
pub mod errors;
mod formats;
mod icon;
mod isolation;
mod list;
mod meter;
mod notice;
mod plan;
mod run;
mod subnav;
mod timeline;
pub mod words;

pub use badge::{Badge, TenantBadge};
pub use code::{CopyCode, CopySecret};
pub use formats::{FormatTabs, Snippet};
pub use icon::Icon;
pub use isolation::IsolationPicture;
pub use list::{Asked, List, Listing};
pub use meter::{Days, Meter, Progress};
pub use notice::Notice;
pub use plan::{LimitsCompared, PlanLimits};
pub use run::{RunCard, run_failure, run_line};
pub use subnav::SubNav;
pub use timeline::Timeline;
