//! A portal as its people meet it: the real binary over HTTP, with its own PostgreSQL, and eyes on both from outside.
//!
//! Nothing in here knows the portal's code. What goes wrong in the harness is a failed test, so it panics and says what
//! it saw.
#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics when the portal does not do as it should"
)]
#![expect(clippy::unwrap_used, reason = "a harness that cannot go on is a failed test")]

pub mod access;
pub mod architecture;
pub mod catalog;
pub mod chaos;
pub mod figures;
pub mod github;
pub mod html;
pub mod issuer;
pub mod mail;
pub mod mail_server;
pub mod notices;
pub mod operator;
pub mod orphans;
pub mod page;
pub mod person;
pub mod portal;
pub mod process;
pub mod relay;
pub mod scan;
pub mod slots;
pub mod suspend;
pub mod tenant;

pub use html::{Form, Html, Values};
pub use page::Page;
pub use person::Person;
pub use portal::{Options, Portal};
pub use tenant::Credentials;

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, at most for so many seconds: for what tells of itself by no event.
pub async fn until<T>(seconds: u64, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not within {seconds} s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
