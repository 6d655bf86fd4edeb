use super::key::{KeyLineError, MasterKey};
use innkeeper_domain::ports::Random;
use zeroize::Zeroizing;

/// Stands before the line of a key that only opens, until it becomes the current one.
const NEXT: &str = "next ";

/// The keys of a key file, one a line: the current one first.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    pub(super) current: MasterKey,
    pub(super) next: Option<MasterKey>,
    pub(super) older: Vec<MasterKey>,
}

impl MasterKeys {
    /// One key and no other.
    pub fn of(current: MasterKey) -> Self {
        Self { current, next: None, older: Vec::new() }
    }

    /// The id of the key that seals.
    pub fn current(&self) -> &str {
        self.current.id()
    }

    /// The id of the key that will seal, once it was given to all portals.
    pub fn next(&self) -> Option<&str> {
        self.next.as_ref().map(MasterKey::id)
    }

    /// The ids of the keys that sealed before and still open.
    pub fn older(&self) -> Vec<String> {
        self.older.iter().map(|key| key.id().to_owned()).collect()
    }

    /// Whether this key opens here.
    pub fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// Draws the key that will seal, unless there is one; until [`Self::promote`] it only opens.
    pub fn prepare(&mut self, random: &dyn Random) {
        self.next.get_or_insert_with(|| MasterKey::draw(random));
    }

    /// Seals by the prepared key from now on; what was sealed by the key before it still opens.
    pub fn promote(&mut self) {
        if let Some(next) = self.next.take() {
            self.older.insert(0, std::mem::replace(&mut self.current, next));
        }
    }

    /// Forgets an older key.
    pub fn remove(&mut self, id: &str) {
        self.older.retain(|key| key.id() != id);
    }

    pub(super) fn find(&self, id: &str) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.next).chain(&self.older).find(|key| key.id() == id)
    }

    /// The text of a key file.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(1024));
        text.push_str(&self.current.to_line());
        if let Some(next) = &self.next {
            text.push_str(NEXT);
            text.push_str(&next.to_line());
        }
        for key in &self.older {
            text.push_str(&key.to_line());
        }
        text
    }

    /// Reads the text of a key file.
    pub(super) fn from_text(text: &str) -> Result<Self, KeyLineError> {
        let mut lines = text.lines();
        let mut keys = Self::of(MasterKey::from_line(lines.next().unwrap_or_default())?);
        for line in lines {
            let (is_next, line) = line.strip_prefix(NEXT).map_or((false, line), |line| (true, line));
            let key = MasterKey::from_line(line)?;
            // A key that stands there twice could be taken out of use while it is needed.
            if keys.has(key.id()) || is_next && keys.next.is_some() {
                return Err(KeyLineError::Format);
            }
            if is_next {
                keys.next = Some(key);
            } else {
                keys.older.push(key);
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::OsRandom;

    #[test]
    fn a_rotation_is_read_back_at_each_of_its_stages() {
        let mut keys = MasterKeys::of(MasterKey::draw(&OsRandom));
        let first = keys.current().to_owned();
        let read = |keys: &MasterKeys| MasterKeys::from_text(&keys.to_text()).unwrap();
        let told =
            |keys: &MasterKeys| (keys.current().to_owned(), keys.next().map(str::to_owned), keys.older());
        assert_eq!(told(&read(&keys)), (first.clone(), None, vec![]));
        keys.prepare(&OsRandom);
        let second = keys.next().unwrap().to_owned();
        keys.prepare(&OsRandom);
        assert_eq!(told(&read(&keys)), (first.clone(), Some(second.clone()), vec![]), "one is prepared once");
        keys.promote();
        assert_eq!(told(&read(&keys)), (second.clone(), None, vec![first.clone()]));
        keys.promote();
        assert!(keys.current() == second && keys.has(&first) && keys.has(&second));
        keys.remove(&first);
        assert_eq!(told(&read(&keys)), (second, None, vec![]));
    }

    #[test]
    fn a_file_with_a_line_too_many_is_refused() {
        let mut keys = MasterKeys::of(MasterKey::draw(&OsRandom));
        keys.prepare(&OsRandom);
        let text = keys.to_text();
        let (first, next) = text.split_once('\n').unwrap();
        for wrong in [
            String::new(),
            next.to_owned(),
            format!("{}{next}", &*text),
            format!("{first}\n{first}"),
            format!("{first}\n\n"),
            format!("{first}\nnext next"),
        ] {
            assert_eq!(MasterKeys::from_text(&wrong).unwrap_err(), KeyLineError::Format, "{wrong:?}");
        }
    }
}
