//! The two portals, each of which can be killed or stopped at any moment while the other works.

use super::eyes::{Away, now};
use crate::{Portal, person::http, process::signal};
use rustix::process::Signal;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::sleep,
};

/// A portal that whoever breaks it holds until it works again.
#[derive(Clone)]
pub struct Replica {
    portal: Arc<Mutex<Portal>>,
    /// Its address for browsers.
    pub url: String,
}

impl Replica {
    /// Around a portal that runs.
    pub fn new(portal: Portal) -> Self {
        Self { url: portal.url(), portal: Arc::new(Mutex::new(portal)) }
    }

    /// The portal, if nobody has broken it just now.
    pub fn free(&self) -> Option<OwnedMutexGuard<Portal>> {
        self.portal.clone().try_lock_owned().ok()
    }

    /// Waits until it works again.
    pub async fn whole(&self) -> OwnedMutexGuard<Portal> {
        self.portal.clone().lock_owned().await
    }
}

/// From when a portal lacked nothing but its own start, and when it was ready; in seconds since 1970.
pub type Ready = Arc<OnceLock<(f64, f64)>>;

/// Kills a portal at once and starts it again on the side.
pub async fn kill(mut portal: OwnedMutexGuard<Portal>, ready: Ready) {
    portal.kill9().await;
    tokio::spawn(async move {
        let began = now();
        // It gives up where its server does not answer for long; its operator's supervisor starts it again.
        while portal.try_restart().await.is_err() {
            sleep(Duration::from_millis(200)).await;
        }
        let _ = ready.set((began, now()));
    });
}

/// Stops a portal and lets it go on after a time, on the side.
pub fn stop(portal: OwnedMutexGuard<Portal>, time: Duration) {
    let pid = portal.pid();
    signal(pid, Signal::STOP);
    tokio::spawn(async move {
        sleep(time).await;
        signal(pid, Signal::CONT);
        drop(portal);
    });
}

/// Waits until one of them answers that it reaches its database, asked from now on; when that was.
pub async fn able(urls: &[String]) -> Result<f64, Away> {
    let client = http().timeout(Duration::from_millis(500)).pool_max_idle_per_host(0).build();
    let client = client.map_err(|_| Away)?;
    // Each for itself: one that is stopped does not answer.
    let asked = urls.iter().map(|url| {
        let (client, url) = (client.clone(), url.clone());
        let asking = async move {
            for _ in 0..2400 {
                let answer = client.get(format!("{url}/health")).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(now());
                }
                sleep(Duration::from_millis(30)).await;
            }
            Err(Away)
        };
        Box::pin(asking)
    });
    futures::future::select_ok(asked).await.map(|(when, _)| when)
}
