//! The addresses of the portal: each one a [`Page`], which is written as a path and read from one.

mod attributes;
mod link;
mod page;
mod pattern;
mod segment;

#[cfg(test)]
mod tests;

pub use link::{Link, with_query};
pub use page::{OrganisationPage, Page, TenantPage};
pub use segment::Segment;

/// Where the REST API is, in its first version.
pub const API: &str = "/api/v1";

/// Whether a program asks here, which reads problem+json instead of pages.
pub fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}
