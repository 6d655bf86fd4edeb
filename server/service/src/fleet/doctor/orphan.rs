use innkeeper_domain::{orphan::OrphanKind, ports::Stray};

/// Something that the server has and the control database does not know, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Orphan {
    /// Of which kind.
    pub kind: OrphanKind,
    /// By what it is named to the commands.
    pub name: String,
    /// It is not there although it should be: nothing to remove.
    pub missing: bool,
    /// What it is.
    pub what: String,
    /// On which server, or `control database`.
    pub place: String,
    /// What to do.
    pub advice: String,
    /// How its server calls it, where the name does not say so.
    #[serde(skip)]
    pub stray: Option<Stray>,
}

impl Orphan {
    /// Something that is there and belongs to nobody.
    pub fn surplus(kind: OrphanKind, name: impl Into<String>, what: String, place: &str) -> Self {
        let name = name.into();
        let advice = format!(
            "If nobody needs it: innkeeper orphan remove {} '{name}' --yes-remove '{name}'",
            kind.as_str()
        );
        Self { kind, name, missing: false, what, place: place.into(), advice, stray: None }
    }

    /// Something that should be there.
    pub fn missing(
        kind: OrphanKind,
        name: impl Into<String>,
        what: String,
        place: &str,
        advice: &str,
    ) -> Self {
        let (name, advice) = (name.into(), advice.to_owned());
        Self { kind, name, missing: true, what, place: place.into(), advice, stray: None }
    }
}
