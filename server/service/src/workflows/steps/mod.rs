//! The steps, one a file: what it makes, and how it takes it away.

pub mod access;
pub mod apply_limits;
pub mod apply_template;
pub mod change_passwords;
pub mod change_plan;
pub mod check_capacity;
pub mod check_removal;
pub mod clear_passwords;
pub mod close_database;
pub mod create_database;
pub mod create_roles;
pub mod destroy_secrets;
pub mod final_backup;
pub mod hand_over;
pub mod install_extensions;
pub mod removing;
pub mod store_secrets;
pub mod verify_access;
pub mod write_allowlist;
