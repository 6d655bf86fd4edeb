//! Ways that an organisation keeps closed stay closed, and somebody can always come in by those that are open.

use crate::{
    Error, Result, Service,
    context::{
        field_error::{Field, SignInCode},
        requester::{Requester, SignedIn},
    },
};
use innkeeper_domain::ids::{AccountId, OrganisationId};
use sqlx::PgConnection;

/// The person with a fresh sign-in, if they may add ways to their account, and take some away. Not by a way that an
/// organisation of theirs has closed: whoever reads a closed mailbox would make themselves one that is open.
pub(crate) async fn may_change_ways<'a>(service: &Service, requester: &'a Requester) -> Result<&'a SignedIn> {
    let person = requester.themselves()?;
    match shut(service, person).await? {
        None => Ok(person),
        Some(organisation) => {
            Err(Error::rejected(Field::SignInMethod, SignInCode::ClosedMethod { organisation }))
        }
    }
}

/// An organisation that is closed to the way the person came by, although no group made them a member.
pub(crate) async fn shut(service: &Service, person: &SignedIn) -> Result<Option<String>> {
    let shut = sqlx::query_scalar!("select organisation_shut($1, $2)", person.id.0, person.way);
    Ok(shut.fetch_one(&service.pool).await?)
}

/// Refuses a change, before it is committed, after which nobody could look after an organisation of the account's, or after
/// this one.
pub(crate) async fn stays_in_reach(
    conn: &mut PgConnection,
    account: AccountId,
    organisation: Option<OrganisationId>,
    field: Field,
) -> Result<()> {
    let stranded =
        sqlx::query_scalar!("select organisation_stranded($1, $2)", account.0, organisation.map(|one| one.0));
    match stranded.fetch_one(conn).await? {
        None => Ok(()),
        Some(organisation) => Err(Error::rejected(field, SignInCode::NoAdminLeft { organisation })),
    }
}
