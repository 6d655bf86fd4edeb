//! Whether a draft can be accepted: everything that is wrong with it at once, each beside its field.

use super::{
    choices::{self, Offer, Region},
    draft::{Draft, MOST},
};
use crate::{Error, Result, forms::FIELD_MOST, visitor::SignedIn};
use innkeeper_domain::{
    allowlist::Reach,
    identity::ProviderId,
    ids::{AccountId, OrganisationId},
    mistakes::Mistakes,
    name::Wish,
    organisation::{MemberRole, OrganisationName},
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
    fn is_called(&self, name: &OrganisationName) -> bool {
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
