//! Whether a draft can be accepted: everything that is wrong with it at once, each beside its field.

use super::{
    choices::{Offer, Region},
    draft::{Draft, MOST},
    memberships::{Membership, free_name, organisations},
};
use crate::{
    Error, Result, context::requester::SignedIn, people::refused_forms::FIELD_MOST, tenants::request::choices,
};
use innkeeper_domain::{
    allowlist::Reach,
    ids::OrganisationId,
    mistakes::Mistakes,
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
    let checked = weigh(parsed, draft, &offer, &organisations).map_err(Error::Mistakes)?;
    if checked.existing.is_none() && person.by_organisation() {
        let what = "You came in by an organisation's sign-in: name that organisation. For another one sign in by another way.";
        return Err(Error::mistake("organisation", what));
    }
    Ok(checked)
}

/// What can be said of a draft without looking anything up.
struct Parsed {
    mistakes: Mistakes,
    organisation: Option<OrganisationName>,
    database: Option<Wish>,
    reach: Option<Reach>,
    extensions: Vec<Extension>,
}

fn parse(draft: &Draft) -> Parsed {
    // Without `..`: a new field does not compile until it is checked.
    let Draft { organisation, database, plan: _, region: _, addresses, allow_any, extensions } = draft;
    let mut mistakes = Mistakes::default();
    let anywhere = match allow_any.as_str() {
        "" => false,
        "on" => true,
        _ => {
            mistakes.add("allow_any", "Tick the box, or leave it empty.");
            false
        }
    };
    let reach = if addresses.len() > FIELD_MOST {
        mistakes.add(
            "addresses",
            format!("This is too long. Use {FIELD_MOST} characters at most, one address a line."),
        );
        None
    } else {
        mistakes.take("addresses", Reach::parse(addresses, anywhere))
    };
    let organisation = mistakes.take("organisation", OrganisationName::parse(organisation));
    let database = mistakes.take("database", Wish::parse(database));
    let extensions = match parse_extensions(extensions) {
        Ok(extensions) => extensions,
        Err(what) => {
            mistakes.add("extensions", what);
            Vec::new()
        }
    };
    Parsed { mistakes, organisation, database, reach, extensions }
}

/// Each once, in the order in which people see them.
fn parse_extensions(names: &[String]) -> std::result::Result<Vec<Extension>, String> {
    if names.len() > EXTENSIONS_MOST {
        return Err(format!("{} extensions are too many. Choose each once.", names.len()));
    }
    let chosen: Vec<_> = names
        .iter()
        .map(|name| Extension::parse(name))
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| e.to_string())?;
    Ok(Extension::ALL.into_iter().filter(|extension| chosen.contains(extension)).collect())
}

/// Compares with what there is: plans, regions, the person's own organisations.
fn weigh(
    parsed: Parsed,
    draft: &Draft,
    offer: &Offer,
    organisations: &[Membership],
) -> std::result::Result<CheckedDraft, Mistakes> {
    let Parsed { mut mistakes, organisation, database, reach, extensions } = parsed;
    let plan = offer.plans.iter().find(|plan| plan.name == draft.plan).cloned();
    if plan.is_none() {
        mistakes.add("plan", "There is no such plan here. Choose from the list.");
    }
    let wanted = plan.as_ref().or(offer.plans.first());
    let region = offer.regions(wanted).into_iter().find(|region| region.name == draft.region);
    match &region {
        None => mistakes.add("region", "There is no such region here. Choose from the list."),
        Some(Region { full: Some(why), .. }) => mistakes.add("region", why.clone()),
        Some(_) => {}
    }
    let existing = organisation.as_ref().and_then(|name| own(organisations, name, &mut mistakes));
    if let (Some(own), Some(wish)) = (existing, &database)
        && own.wishes.iter().any(|taken| taken == wish.as_str())
    {
        mistakes.add("database", name_taken(wish, &free_name(wish, &own.wishes)));
    }
    if mistakes.is_empty() && serde_json::to_vec(draft).map_or(true, |bytes| bytes.len() > MOST) {
        mistakes.add("addresses", "This is too long. Use fewer lines.");
    }
    match (organisation, database, plan, region, reach) {
        (Some(organisation), Some(database), Some(plan), Some(region), Some(reach))
            if mistakes.is_empty() =>
        {
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
        _ => Err(mistakes),
    }
}

/// The organisation of this name that the person may add databases to; being in it without that right is a mistake. One
/// that they joined unasked is not meant by its name: whoever made it would have what they make.
fn own<'a>(
    organisations: &'a [Membership],
    name: &OrganisationName,
    mistakes: &mut Mistakes,
) -> Option<&'a Membership> {
    let mut called = organisations.iter().filter(|one| one.is_called(name)).peekable();
    let in_one = called.peek().is_some();
    let joined = called.clone().all(|one| one.joined);
    let own = called.find(|one| one.is_own());
    if own.is_none() && in_one {
        let what = if joined {
            format!(
                "You joined an organisation called {name} by a group of yours, and those who did add no databases to it. \
                 Type another name for one of your own."
            )
        } else {
            format!("Only admins of {name} can add databases to it. Ask one of them.")
        };
        mistakes.add("organisation", what);
    }
    own
}

/// What is said when the organisation has a database of this name.
pub fn name_taken(wish: &Wish, free: &str) -> String {
    format!("You already have a database called {wish}. Choose another name, for example {free}.")
}
