//! An organisation's own organisations at GitHub, whose people become its members.

mod show;

pub(crate) use show::show;

use super::change::{begin, end};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, InputCode},
        requester::Requester,
    },
    organisations::membership_source::rules,
    people::lockout::stays_in_reach,
};
use innkeeper_domain::{
    identity::{GitHubLogin, GitHubOrganisation, GitHubTeam, GroupRule, ProviderId},
    ids::AccountId,
    organisation::MemberRole,
    permission::Permission,
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// Most organisations at GitHub of one organisation here.
const MOST: i64 = 5;

/// An organisation at GitHub whose people join by themselves.
#[derive(Debug, Clone)]
pub struct GitHubLine {
    /// Short name of the operator's provider.
    pub provider: String,
    /// Its name there.
    pub login: GitHubLogin,
    /// Since when it is shown to be theirs.
    pub shown_at: Option<OffsetDateTime>,
    /// The address of the admin who says so, and can show it.
    pub asked_by: String,
    /// Whether that is the requester.
    pub asked_here: bool,
    /// Its groups: everybody first, then the teams by name; and those teams that are gone and still make somebody something.
    pub groups: Vec<GitHubGroup>,
}

/// All people of an organisation at GitHub, or a team of it.
#[derive(Debug, Clone)]
pub struct GitHubGroup {
    /// As the provider says it.
    pub group: String,
    /// What people call the team; none for everybody.
    pub team: Option<String>,
    /// What its people become.
    pub role: Option<MemberRole>,
}

/// Those of an organisation, by provider and name.
pub(super) async fn of(
    conn: &mut PgConnection,
    organisation: Uuid,
    person: AccountId,
) -> Result<Vec<GitHubLine>> {
    let rows = sqlx::query!(
        r#"select provider, login, number, shown_at, a.email, a.id = $2 as "asked_here!", teams as "teams: Json<Vec<GitHubTeam>>"
           from organisation_github join account a on a.id = asked_by where organisation_id = $1 order by provider, login"#,
        organisation,
        person.0
    );
    let mut lines = Vec::new();
    for row in rows.fetch_all(&mut *conn).await? {
        let rules = rules(conn, organisation.into(), &row.provider).await?;
        let groups = row.number.map_or_else(Vec::new, |number| groups(number, row.teams.0, &rules));
        lines.push(GitHubLine {
            login: GitHubLogin::parse(&row.login)
                .map_err(|_| Error::corrupt("name at GitHub", &row.login))?,
            provider: row.provider,
            shown_at: row.shown_at,
            asked_by: row.email,
            asked_here: row.asked_here,
            groups,
        });
    }
    Ok(lines)
}

fn groups(number: i64, teams: Vec<GitHubTeam>, rules: &[GroupRule]) -> Vec<GitHubGroup> {
    let role = |group: &str| rules.iter().find(|rule| rule.group == group).map(|rule| rule.role);
    let group = |group: String, team| GitHubGroup { role: role(&group), group, team };
    let mut groups = vec![group(GitHubOrganisation::everybody(number), None)];
    let team = |team: GitHubTeam| group(GitHubTeam::group(number, team.number), Some(team.name));
    groups.extend(teams.into_iter().map(team));
    let (start, known) = (GitHubOrganisation::teams_of(number), groups.len());
    for GroupRule { group, role } in rules {
        let Some(gone) = group.strip_prefix(&start) else { continue };
        if !groups[..known].iter().any(|one| one.group == *group) {
            let team = Some(format!("team {gone}, which is gone"));
            groups.push(GitHubGroup { group: group.clone(), team, role: Some(*role) });
        }
    }
    groups
}

/// Takes down an organisation at GitHub that this one says is its own. Nothing comes of it before one of its owners has
/// shown that. Twice is success.
pub async fn add_github(
    service: &Service,
    requester: &Requester,
    slug: &str,
    provider: &str,
    typed: &str,
) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let person = requester.themselves()?;
    let known = service.providers.get(provider).filter(|provider| provider.port.has_organisations());
    let provider = &known.ok_or(Error::NotFound)?.id;
    let login = GitHubLogin::parse(typed).map_err(|error| Error::rejected(Field::Login, error))?;
    let organisation = view.id.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from organisation_github where organisation_id = $1 and (provider, login) <> ($2, $3)"#,
        organisation,
        provider.as_str(),
        login.as_str(),
    );
    if count.fetch_one(&mut *tx).await? >= MOST {
        return Err(Error::rejected(Field::Login, InputCode::LimitReached { most: MOST }));
    }
    sqlx::query!(
        "insert into organisation_github (organisation_id, provider, login, asked_by) values ($1, $2, $3, $4)
         on conflict (organisation_id, provider, login) do update set asked_by = excluded.asked_by",
        organisation,
        provider.as_str(),
        login.as_str(),
        person.id.0,
    )
    .execute(&mut *tx)
    .await?;
    end(service, requester, tx, &view, Action::GithubAdd, json!({ "provider": provider, "login": login }))
        .await
}

/// Takes an organisation at GitHub away, with what its groups made of people. Absent is success. Who joined by it stops
/// being a member at once; where another one of the same provider's is left, they sign in again to show that they belong.
pub async fn remove_github(
    service: &Service,
    requester: &Requester,
    slug: &str,
    provider: &str,
    login: &str,
) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let login = GitHubLogin::parse(login).map_err(|error| Error::rejected(Field::Login, error))?;
    let provider = ProviderId::parse(provider).map_err(|_| Error::NotFound)?;
    let (login, provider) = (login.as_str(), provider.as_str());
    let organisation = view.id.0;
    let lines = of(&mut tx, organisation, requester.signed_in()?.id).await?;
    // One that nobody has shown makes nobody a member.
    let counts = |line: &GitHubLine| line.provider == provider && line.shown_at.is_some();
    let of_provider = lines.into_iter().filter(counts);
    let (gone, left): (Vec<_>, Vec<_>) = of_provider.partition(|line| line.login.as_str() == login);
    let groups: Vec<_> = gone.into_iter().flat_map(|line| line.groups).map(|one| one.group).collect();
    sqlx::query!(
        "delete from organisation_group where organisation_id = $1 and provider = $2 and name = any ($3)",
        organisation,
        provider,
        &groups,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from organisation_github where organisation_id = $1 and provider = $2 and login = $3",
        organisation,
        provider,
        login,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update member set vouched_at = least(vouched_at, now() - interval '1 day') where organisation_id = $1 and provider = $2",
        organisation,
        provider,
    )
    .execute(&mut *tx)
    .await?;
    let gone = sqlx::query_scalar!(
        "delete from member where organisation_id = $1 and provider = $2 and $3 returning account_id",
        organisation,
        provider,
        left.is_empty(),
    );
    for account in gone.fetch_all(&mut *tx).await? {
        let detail = json!({ "provider": provider });
        requester
            .audit(Action::MemberLeave)
            .subject(account)
            .in_organisation(view.id)
            .detail(detail)
            .record(&mut tx, &service.ids)
            .await?;
    }
    let person = requester.signed_in()?;
    stays_in_reach(&mut tx, person.id, Some(view.id), Field::Login).await?;
    end(service, requester, tx, &view, Action::GithubRemove, json!({ "provider": provider, "login": login }))
        .await
}
