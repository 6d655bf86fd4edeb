//! Switches the portal's ready pool, as an operator does by SQL, and waits until it is so.

use crate::{Result, server::Server};
use innkeeper_tests::{
    slots::at_rest,
    tenant::{run, value},
    until,
};

/// The ready pool of the portal's only server.
pub struct Pool<'a> {
    server: &'a Server,
}

impl<'a> Pool<'a> {
    /// The pool of this server.
    pub fn new(server: &'a Server) -> Self {
        Self { server }
    }

    /// Keeps so many slots ready from now on; waits until they are, and none is made or removed any more.
    pub async fn keep(&self, slots: usize) -> Result<()> {
        let mut control = self.server.connect("innkeeper").await?;
        run(&mut control, &format!("update server set ready_slots = {slots}")).await;
        at_rest(&mut control, slots).await;
        Ok(())
    }

    /// Keeps one more; waits until it is being made.
    pub async fn refill(&self) -> Result<()> {
        let mut control = self.server.connect("innkeeper").await?;
        run(&mut control, "update server set ready_slots = ready_slots + 1").await;
        let making = "select count(*) > 0 from slot where state = 'making'";
        until(60, "a slot in the making", async || {
            (value(&mut control, making).await == "true").then_some(())
        })
        .await;
        Ok(())
    }
}
