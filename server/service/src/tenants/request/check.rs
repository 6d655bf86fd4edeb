//! Whether a draft can be accepted: everything that is wrong with it at once, each beside its field.

use super::{
    choices::{Offer, Region},
    draft::{Draft, MOST},
    memberships::{Membership, free_name, organisations},
};
use crate::{
    Error, Result,
    context::{
        field_error::{Field, FieldErrors, InputCode, TenantCode},
        requester::SignedIn,
    },
    people::refused_forms::FIELD_MOST,
    tenants::request::choices,
};
use innkeeper_domain::{
    allowlist::Reach,
    ids::OrganisationId,
    name::Wish,
    organisation::OrganisationName,
    plan::{Extension, Plan},
};
use sqlx::PgConnection;

/// More names than there are extensions, by far.
const EXTENSIONS_MOST: usize = 64;

/// A draft in which nothing is wrong.
pub struct CheckedDraft {
    pub organisation: OrganisationName,
    /// The person's own organisation of this name, if there is one.
    pub existing: Option<OrganisationId>,
    pub database: Wish,
    pub plan: Plan,
    pub region: Region,
    pub reach: Reach,
    pub extensions: Vec<Extension>,
}

/// Checks a draft against what there is now. The transaction sees what the account sees.
pub async fn check(conn: &mut PgConnection, person: &SignedIn, draft: &Draft) -> Result<CheckedDraft> {
    let parsed = parse(draft);
    let offer = choices::load(conn).await?;
    let organisations = organisations(conn, person.id).await?;
    let checked = weigh(parsed, draft, &offer, &organisations).map_err(Error::Rejected)?;
    if checked.existing.is_none() && person.by_organisation() {
        return Err(Error::rejected(Field::Organisation, TenantCode::OtherOrganisation));
    }
    Ok(checked)
}

/// What can be said of a draft without looking anything up.
struct Parsed {
    errors: FieldErrors,
    organisation: Option<OrganisationName>,
    database: Option<Wish>,
    reach: Option<Reach>,
    extensions: Vec<Extension>,
}

fn parse(draft: &Draft) -> Parsed {
    // Without `..`: a new field does not compile until it is checked.
    let Draft { organisation, database, plan: _, region: _, addresses, allow_any, extensions } = draft;
    let mut errors = FieldErrors::default();
    let anywhere = match allow_any.as_str() {
        "" => false,
        "on" => true,
        _ => {
            errors.add(Field::AllowAny, InputCode::UnknownChoice);
            false
        }
    };
    let reach = if addresses.len() > FIELD_MOST {
        errors.add(Field::Addresses, InputCode::TooLong { most: FIELD_MOST });
        None
    } else {
        errors.take(Field::Addresses, Reach::parse(addresses, anywhere))
    };
    let organisation = errors.take(Field::Organisation, OrganisationName::parse(organisation));
    let database = errors.take(Field::Database, Wish::parse(database));
    let extensions = errors.take(Field::Extensions, parse_extensions(extensions)).unwrap_or_default();
    Parsed { errors, organisation, database, reach, extensions }
}

/// Each once, in the order in which people see them.
fn parse_extensions(names: &[String]) -> std::result::Result<Vec<Extension>, InputCode> {
    if names.len() > EXTENSIONS_MOST {
        return Err(InputCode::TooMany { most: EXTENSIONS_MOST });
    }
    let chosen: Vec<_> = names
        .iter()
        .map(|name| Extension::parse(name))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| InputCode::UnknownChoice)?;
    Ok(Extension::ALL.into_iter().filter(|extension| chosen.contains(extension)).collect())
}

/// Compares with what there is: plans, regions, the person's own organisations.
fn weigh(
    parsed: Parsed,
    draft: &Draft,
    offer: &Offer,
    organisations: &[Membership],
) -> std::result::Result<CheckedDraft, FieldErrors> {
    let Parsed { mut errors, organisation, database, reach, extensions } = parsed;
    let plan = offer.plans.iter().find(|plan| plan.name == draft.plan).cloned();
    if plan.is_none() {
        errors.add(Field::Plan, InputCode::UnknownChoice);
    }
    let wanted = plan.as_ref().or(offer.plans.first());
    let region = offer.regions(wanted).into_iter().find(|region| region.name == draft.region);
    match &region {
        None => errors.add(Field::Region, InputCode::UnknownChoice),
        Some(Region { full: Some(short), .. }) => errors.add(Field::Region, short.clone()),
        Some(_) => {}
    }
    let existing = organisation.as_ref().and_then(|name| own(organisations, name, &mut errors));
    if let (Some(own), Some(wish)) = (existing, &database)
        && own.wishes.iter().any(|taken| taken == wish.as_str())
    {
        errors.add(Field::Database, name_taken(wish, &own.wishes));
    }
    if errors.is_empty() && serde_json::to_vec(draft).map_or(true, |bytes| bytes.len() > MOST) {
        errors.add(Field::Addresses, InputCode::FormTooLong);
    }
    match (organisation, database, plan, region, reach) {
        (Some(organisation), Some(database), Some(plan), Some(region), Some(reach)) if errors.is_empty() => {
            Ok(CheckedDraft {
                organisation,
                existing: existing.map(|own| own.id),
                database,
                plan,
                region,
                reach,
                extensions,
            })
        }
        _ => Err(errors),
    }
}

/// The organisation of this name that the person may add databases to; being in it without that right is an error. One
/// that they joined unasked is not meant by its name: whoever made it would have what they make.
fn own<'a>(
    organisations: &'a [Membership],
    name: &OrganisationName,
    errors: &mut FieldErrors,
) -> Option<&'a Membership> {
    let mut called = organisations.iter().filter(|one| one.is_called(name)).peekable();
    let in_one = called.peek().is_some();
    let joined = called.clone().all(|one| one.joined);
    let own = called.find(|one| one.is_own());
    if own.is_none() && in_one {
        let organisation = name.clone();
        let code = if joined {
            TenantCode::JoinedOrganisation { organisation }
        } else {
            TenantCode::AdminsOnly { organisation }
        };
        errors.add(Field::Organisation, code);
    }
    own
}

/// The organisation has a database of this name already; `taken` are the names of all of its databases.
pub fn name_taken(wish: &Wish, taken: &[String]) -> TenantCode {
    TenantCode::NameTaken { name: wish.clone(), free: free_name(wish, taken) }
}
