use super::check::{CheckedDraft, name_taken};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::Field,
        requester::{Requester, SignedIn},
    },
    db, organisations,
    tenants::request::{check, draft},
    workflows,
};
use innkeeper_domain::{
    allowlist::{AllowedRange, Reach},
    ids::{AccountId, OrganisationId, RequestId, TenantId},
    name::TenantName,
    permission::Permission,
    tenant::TenantState,
};
use ipnet::IpNet;
use serde_json::json;
use sqlx::{Connection, PgConnection};

/// Draws of a name before something must be wrong: two alike are one in a billion.
const DRAWS: usize = 5;

/// Accepts a request: its tenant begins to be made. The name of the tenant.
///
/// Pressing again, in two tabs or fifty times at once gives the same tenant. [`Error::Conflict`] when the draft was
/// changed since the page was shown. The unique indexes decide; looking first only makes better words.
pub async fn accept(
    service: &Service,
    requester: &Requester,
    request: &str,
    version: &str,
) -> Result<TenantName> {
    let person = requester.signed_in()?;
    let request: RequestId = request.parse().map_err(|_| Error::NotFound)?;
    let version: i32 = version.parse().map_err(|_| Error::NotFound)?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::RequestAccept).await?;
    lock_account(&mut tx, person.id).await?;
    // After the lock, so that it sees an organisation which the person made a moment ago in another tab.
    db::as_account(&mut tx, person.id, &person.way, person.identity).await?;
    let row = sqlx::query!(
        r#"select version, "values", tenant_name from request where id = $1 and account_id = $2 for update"#,
        request.0,
        person.id.0
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    if let Some(name) = row.tenant_name {
        return TenantName::parse(&name).map_err(|_| Error::corrupt("tenant name", name));
    }
    if row.version != version {
        return Err(Error::Conflict);
    }
    count(service, &mut tx, person.id).await?;
    let checked = check::check(&mut tx, person, &draft::read(row.values)?).await?;
    let work = Acceptance { service, requester, person, checked };
    let name = work.make(&mut tx).await?;
    sqlx::query!(
        "update request set tenant_name = $2, updated_at = now() where id = $1",
        request.0,
        name.as_str()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(name)
}

/// Puts the acceptances of one account in a row, without holding up what only refers to it.
async fn lock_account(conn: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("select id from account where id = $1 for no key update", account.0)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(())
}

/// Refuses more databases than an account may ask for in a window. Counted on the requests themselves, under the
/// account's lock: a second press of the same page is none.
async fn count(service: &Service, conn: &mut PgConnection, account: AccountId) -> Result<()> {
    let limit = service.settings.limits.request_per_account;
    let taken = sqlx::query!(
        r#"select count(*) as "count!",
             ceil(extract(epoch from min(updated_at) + make_interval(secs => $2) - now()))::bigint as wait
           from request where account_id = $1 and tenant_name is not null
             and updated_at > now() - make_interval(secs => $2)"#,
        account.0,
        f64::from(limit.seconds),
    )
    .fetch_one(conn)
    .await?;
    if taken.count >= i64::from(limit.count) {
        return Err(Error::TooMany(taken.wait.and_then(|wait| u64::try_from(wait).ok()).unwrap_or(1).max(1)));
    }
    Ok(())
}

/// Everything that an acceptance writes.
struct Acceptance<'a> {
    service: &'a Service,
    requester: &'a Requester,
    person: &'a SignedIn,
    checked: CheckedDraft,
}

impl Acceptance<'_> {
    async fn make(&self, conn: &mut PgConnection) -> Result<TenantName> {
        let organisation = self.organisation(conn).await?;
        let tenant: TenantId = self.service.ids.make();
        let name = self.tenant(conn, organisation, tenant).await?;
        self.allowlist(conn, organisation, tenant).await?;
        let (run, number) = workflows::start_onboarding(self.service, conn, organisation, tenant).await?;
        let detail = json!({
            "wish": self.checked.database,
            "plan": self.checked.plan.name,
            "plan_version": self.checked.plan.version,
            "region": self.checked.region.name,
            "reach": self.checked.reach,
            "extensions": self.checked.extensions,
            "run": run,
            "support_number": number,
        });
        let entry =
            self.requester.audit(Action::TenantRequest).subject(&name).in_tenant((organisation, tenant));
        entry.detail(detail).record(conn, &self.service.ids).await?;
        Ok(name)
    }

    /// The person's organisation of this name, or a new one with the person as its admin.
    async fn organisation(&self, conn: &mut PgConnection) -> Result<OrganisationId> {
        if let Some(existing) = self.checked.existing {
            return Ok(existing);
        }
        let name = &self.checked.organisation;
        let id = organisations::create(self.service, conn, name, self.person.id).await?;
        let entry = self.requester.audit(Action::OrganisationCreate).subject(name).in_organisation(id);
        entry.record(conn, &self.service.ids).await?;
        Ok(id)
    }

    /// The tenant's row, under a drawn name; drawn again where another tenant has it already.
    async fn tenant(
        &self,
        conn: &mut PgConnection,
        organisation: OrganisationId,
        tenant: TenantId,
    ) -> Result<TenantName> {
        let mut clash = None;
        for _ in 0..DRAWS {
            let name = TenantName::draw(&self.checked.database, &*self.service.random);
            // A savepoint: a clash must not end the transaction.
            let mut savepoint = conn.begin().await?;
            match self.insert_tenant(&mut savepoint, organisation, tenant, &name).await {
                Ok(()) => {
                    savepoint.commit().await?;
                    return Ok(name);
                }
                Err(error) if Error::breaks(&error, "tenant_wish") => {
                    // Somebody else took it in the same organisation in this very moment.
                    let wish = &self.checked.database;
                    return Err(Error::rejected(Field::Database, name_taken(wish, &[])));
                }
                Err(error) if Error::breaks(&error, "tenant_name_key") => clash = Some(error),
                Err(error) => return Err(error.into()),
            }
            savepoint.rollback().await?;
        }
        Err(clash.map_or(Error::Conflict, Error::Database))
    }

    async fn insert_tenant(
        &self,
        conn: &mut PgConnection,
        organisation: OrganisationId,
        tenant: TenantId,
        name: &TenantName,
    ) -> sqlx::Result<()> {
        let CheckedDraft { database, plan, region, reach, extensions, .. } = &self.checked;
        let extensions: Vec<String> = extensions.iter().map(ToString::to_string).collect();
        sqlx::query!(
            "insert into tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, requested_by,
               extensions, anywhere)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            tenant.0,
            organisation.0,
            name.as_str(),
            database.as_str(),
            TenantState::Provisioning.as_str(),
            plan.name,
            plan.version,
            region.name,
            self.person.id.0,
            &extensions,
            *reach == Reach::Anywhere,
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn allowlist(
        &self,
        conn: &mut PgConnection,
        organisation: OrganisationId,
        tenant: TenantId,
    ) -> Result<()> {
        let ranges: Vec<IpNet> = self.checked.reach.ranges().iter().map(AllowedRange::net).collect();
        sqlx::query!(
            "insert into allowlist_entry (tenant_id, organisation_id, range, created_by)
             select $1, $2, range::cidr, $4 from unnest($3::inet[]) as given (range)",
            tenant.0,
            organisation.0,
            &ranges,
            self.person.id.0,
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}
