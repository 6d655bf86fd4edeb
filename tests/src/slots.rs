//! Databases that stand ready.

use crate::{tenant::run, tenant::texts, until};
use sqlx::PgConnection;

/// Waits until so many stand ready and no other is made, claimed or removed. Work that a killed portal left counts as
/// left long ago.
pub async fn at_rest(control: &mut PgConnection, ready: usize) {
    let orphaned = "update slot set busy_until = now() where busy_until < now() + interval '7 seconds'";
    until(60, &format!("{ready} slots and none in between"), async || {
        run(control, orphaned).await;
        let states = texts(control, "select state from slot").await;
        (states.len() == ready && states.iter().all(|state| state == "ready")).then_some(())
    })
    .await;
}
