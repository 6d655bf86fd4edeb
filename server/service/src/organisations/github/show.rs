use crate::{
    Error, Result, Service,
    context::{audit::Action, providers::Provider, requester::Requester},
};
use innkeeper_domain::{
    identity::{GitHubLogin, GitHubOrganisation, Reason, Refusal},
    ids::{AccountId, OrganisationId},
    permission::Permission,
    ports::{Answer, Asked},
};
use serde_json::json;

/// Takes down which of the organisations that the person has named here are theirs by the provider's word, with their
/// teams as they are now. [`Reason::Owner`] where none is.
pub(crate) async fn show(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    asked_by: Option<AccountId>,
    asked: &Asked,
    answer: &Answer,
) -> Result<()> {
    let person = requester.signed_in()?;
    if asked_by != Some(person.id) {
        return Err(Error::NotFound);
    }
    let wanted = sqlx::query_scalar!(
        "select login from organisation_github where provider = $1 and asked_by = $2",
        provider.id.as_str(),
        person.id.0,
    );
    let mut tx = requester.begin_read(&service.pool).await?;
    let wanted = wanted.fetch_all(&mut *tx).await?;
    // Nothing is held while somebody else is waited for.
    tx.commit().await?;
    let wanted: Vec<_> = wanted.iter().filter_map(|login| GitHubLogin::parse(login).ok()).collect();
    let owned = provider.port.owned(asked, answer, &wanted).await?;
    let mut tx = requester.begin(&service.pool).await?;
    // The statements below reach only organisations of which the person is an admin.
    requester.authorize(&mut tx, Permission::GithubVerify).await?;
    let mut shown = 0;
    for GitHubOrganisation { number, login, teams } in owned {
        // It may have been here by the name that it had there before.
        sqlx::query!(
            "delete from organisation_github o using organisation_github g
             where g.provider = $1 and g.asked_by = $2 and g.login = $3 and g.number is null
               and o.organisation_id = g.organisation_id and o.provider = $1 and o.number = $4
               and exists (select from member m where m.organisation_id = g.organisation_id and m.account_id = $2
                 and m.role = 'admin')",
            provider.id.as_str(),
            person.id.0,
            login.as_str(),
            number,
        )
        .execute(&mut *tx)
        .await?;
        let rows = sqlx::query_scalar!(
            r#"update organisation_github g set number = $4, shown_at = coalesce(shown_at, now()), teams = $5
               where provider = $1 and asked_by = $2 and login = $3 and (number is null or number = $4)
                 and exists (select from member m where m.organisation_id = g.organisation_id and m.account_id = $2
                   and m.role = 'admin')
               returning organisation_id"#,
            provider.id.as_str(),
            person.id.0,
            login.as_str(),
            number,
            serde_json::to_value(teams).map_err(|error| Error::corrupt("teams", error))?,
        );
        for organisation in rows.fetch_all(&mut *tx).await? {
            shown += 1;
            requester
                .audit(Action::GithubVerify)
                .subject(login.as_str())
                .in_organisation(OrganisationId(organisation))
                .detail(json!({ "provider": provider.id, "number": number }))
                .record(&mut tx, &service.ids)
                .await?;
        }
    }
    if shown == 0 {
        return Err(Refusal::new(Reason::Owner, "none of the organisations named here is theirs").into());
    }
    Ok(tx.commit().await?)
}
