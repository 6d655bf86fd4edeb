//! How many live pages are open.

use innkeeper_domain::ids::SessionId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Streams of one process, and of one session: each holds a connection.
const IN_ALL: usize = 500;
const PER_SESSION: usize = 8;

/// The streams that are open, by session.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<SessionId, usize>>>);

/// One open stream; dropped with it.
pub(super) struct Place {
    streams: Streams,
    session: SessionId,
}

impl Streams {
    /// Counts one more; none where there are too many.
    pub(super) fn enter(&self, session: SessionId) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&session).copied().unwrap_or_default();
        if own >= PER_SESSION || open.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        open.insert(session, own + 1);
        Some(Place { streams: self.clone(), session })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.session) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_session_has_its_share_of_streams_and_gets_it_back() {
        let streams = Streams::default();
        let session = SessionId(Uuid::from_u128(1));
        let mut places: Vec<_> = (0..PER_SESSION).map(|_| streams.enter(session).unwrap()).collect();
        assert!(streams.enter(session).is_none());
        assert!(streams.enter(SessionId(Uuid::from_u128(2))).is_some());
        places.pop();
        assert!(streams.enter(session).is_some());
        drop(places);
        assert!(streams.0.lock().unwrap().is_empty());
    }

    #[test]
    fn all_sessions_together_have_a_limit() {
        let streams = Streams::default();
        let places: Vec<_> =
            (0..IN_ALL).map(|n| streams.enter(SessionId(Uuid::from_u128(n as u128))).unwrap()).collect();
        assert!(streams.enter(SessionId(Uuid::from_u128(u128::MAX))).is_none());
        drop(places);
    }
}
