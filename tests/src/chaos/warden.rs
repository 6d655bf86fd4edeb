//! The operator who lets stuck runs go on, by the command that is there for it.

use super::eyes::Eyes;
use crate::{Portal, operator::OperatorServer};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Lets every stuck run go on until it is told to stop; how often that was.
pub async fn watch(office: Arc<Portal>, server: Arc<OperatorServer>, stop: Arc<AtomicBool>) -> usize {
    let (mut eyes, mut let_go_on) = (Eyes::of(&server), 0);
    while !stop.load(Ordering::Relaxed) {
        let stuck = eyes.column("select support_number from run where state = 'stuck'").await;
        for number in stuck.unwrap_or_default() {
            let command = office.command(&["run", "resume", &number]).output();
            let ended = timeout(Duration::from_secs(20), command).await;
            // Where the server is away it is tried again.
            let_go_on += usize::from(matches!(ended, Ok(Ok(output)) if output.status.success()));
        }
        sleep(Duration::from_millis(500)).await;
    }
    let_go_on
}
