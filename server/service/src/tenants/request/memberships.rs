//! The organisations of a person that a new database can be for, and names that are free there.

use crate::{Error, Result};
use innkeeper_domain::{
    identity::ProviderId,
    ids::{AccountId, OrganisationId},
    name::Wish,
    organisation::{MemberRole, OrganisationName},
};
use sqlx::PgConnection;

/// An organisation the person is in, with the names its databases have.
pub struct Membership {
    pub id: OrganisationId,
    pub name: String,
    pub role: MemberRole,
    /// Whether groups at one of the operator's providers made them a member: nobody asked them.
    pub joined: bool,
    pub wishes: Vec<String>,
}

impl Membership {
    /// Whether what the person makes may be meant for it, by its name alone.
    pub fn is_own(&self) -> bool {
        self.role == MemberRole::Admin && !self.joined
    }

    /// Names are compared without case: `ACME` and `Acme` are one customer.
    pub fn is_called(&self, name: &OrganisationName) -> bool {
        self.name.to_lowercase() == name.as_str().to_lowercase()
    }
}

/// A name near to the wish that is none of the taken ones.
pub fn free_name(wish: &Wish, taken: &[String]) -> String {
    let near = |tail: &str| {
        let head: String = wish.as_str().chars().take(Wish::MOST - tail.len()).collect();
        format!("{}{tail}", head.trim_end_matches('_'))
    };
    let numbered = (2..1000).map(|n| format!("_{n}"));
    let tails = ["_staging".to_owned(), "_test".to_owned()].into_iter().chain(numbered);
    tails.map(|tail| near(&tail)).find(|name| !taken.contains(name)).unwrap_or_else(|| near("_new"))
}

/// The organisations the account is in, oldest first. The transaction sees what the account sees.
pub async fn organisations(conn: &mut PgConnection, account: AccountId) -> Result<Vec<Membership>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select o.id, o.name, m.role, not starts_with(m.provider, $2) as joined, array(select t.wish from tenant t
             where t.organisation_id = o.id and t.state <> 'destroyed') as "wishes!"
           from member m join organisation o on o.id = m.organisation_id
           where m.account_id = $1 order by o.created_at, o.id"#,
        account.0,
        ProviderId::OWN,
    )
    .fetch_all(conn)
    .await?;
    let membership = |row: Row| {
        let role = MemberRole::parse(&row.role).ok_or_else(|| Error::corrupt("member role", &row.role))?;
        let joined = row.joined == Some(true);
        Ok(Membership { id: OrganisationId(row.id), name: row.name, role, joined, wishes: row.wishes })
    };
    rows.into_iter().map(membership).collect()
}

struct Row {
    id: uuid::Uuid,
    name: String,
    role: String,
    joined: Option<bool>,
    wishes: Vec<String>,
}
