//! Step 2: what is wanted.

use super::Steps;
use crate::{
    components::Icon,
    pages::{
        load,
        plan_cards::{PlanCard, PlanCards, preselected},
    },
    web::{
        Area, Choice, Cx, ErrorSummary, Field, Filled, Form, Issue, Mistakes, PageTitle, Refusal, SeeOther,
        described_by, needs, refused, see_other,
    },
};
use innkeeper_domain::{allowlist::AllowedRange, plan::Extension, routes::Page};
use innkeeper_service::tenants::request::{self, Choices, Draft, Region};
use leptos::prelude::*;

const FIELDS: &[&str] =
    &["organisation", "database", "plan", "region", "addresses", "allow_any", "extensions"];

/// Keeps what is wanted, once all of it can be read.
#[server(prefix = "/do", endpoint = "database")]
pub async fn database(
    /// What was sent.
    #[server(flatten)]
    form: Draft,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    request::save(&cx.service, &cx.requester, &form)
        .await
        .map_err(|error| refused(&Page::Database.to_string(), &form, error))?;
    see_other(Page::Review)
}

needs!(Database, RequestDraft);

/// The page of step 2.
#[component]
pub fn DatabasePage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let form: Filled<Draft> = cx.form::<Database, _>();
    load(async move { request::open(&cx.service, &cx.requester).await }, move |(choices, draft)| {
        let values = if form.again { form.values } else { draft };
        database_view(form.id, values, form.mistakes, choices)
    })
}

pub(crate) fn database_view(id: String, values: Draft, mistakes: Mistakes, choices: Choices) -> AnyView {
    let Draft { organisation, database, plan, region, addresses, allow_any, extensions } = values;
    let Choices { plans, regions, own } = choices;
    view! {
        <PageTitle text="New database, step 2 of 3" error=!mistakes.is_empty()/>
        <div class="narrow stack">
            <ErrorSummary mistakes=mistakes.clone() fields=FIELDS/>
            <Steps current=2/>
            <div class="page-head flush">
                <h1>"New database"</h1>
                <p>"You can review everything before it is created."</p>
            </div>
            <Form<Database> id class="stack">
                <div class="card card-body stack">
                    <Field
                        name="organisation" label="Organisation" autocomplete="organization"
                        hint="Your company or team, for example Acme Robotics."
                        value=organisation mistake=mistakes.of("organisation")
                    />
                    <Field
                        name="database" label="Database name" class="input mono" autocomplete="off"
                        hint="Letters a to z, digits and _, 20 at most. We add six characters, for example shop_m7kq2d. Other users of the server can list database names, so do not use anything confidential."
                        value=database mistake=mistakes.of("database")
                    />
                    <PlanCards cards=plans.into_iter().map(PlanCard::from).collect() chosen=plan mistake=mistakes.of("plan")/>
                    <RegionCards regions chosen=region mistake=mistakes.of("region")/>
                </div>
                <Addresses addresses allow_any own mistakes=mistakes.clone()/>
                <Extensions chosen=extensions mistake=mistakes.of("extensions")/>
                <div class="row">
                    <button type="submit" class="btn btn-primary">"Continue"<Icon name="arrow-right"/></button>
                    <span class="small dim">"Nothing is created yet."</span>
                </div>
            </Form<Database>>
        </div>
    }
    .into_any()
}

#[component]
fn RegionCards(regions: Vec<Region>, chosen: String, #[prop(into)] mistake: Issue) -> impl IntoView {
    let open = regions.iter().map(|region| if region.full.is_none() { region.name.as_str() } else { "" });
    let preselected = preselected(open, &chosen);
    let none = regions.is_empty().then(|| {
        view! { <p class="hint">"No server has capacity for new databases right now. Try again later, or contact support."</p> }
    });
    let cards: Vec<_> = regions
        .into_iter()
        .enumerate()
        .map(|(at, region)| {
            let full = region.full.is_some();
            let hint = region.full.map(|short| short.to_string()).unwrap_or_default();
            let checked = preselected == Some(at);
            view! {
                <label class="choice">
                    <input
                        type="radio" name="region" value=region.name id=(at == 0).then_some("region")
                        checked=checked disabled=full
                    />
                    <strong>{region.label}</strong>
                    {full.then(|| view! { <span class="badge warn">"Full"</span> })}
                    <span class="hint">{hint}</span>
                </label>
            }
        })
        .collect();
    view! { <Choice name="region" legend="Region" mistake>{none}{cards}</Choice> }
}

#[component]
fn Addresses(addresses: String, allow_any: String, own: AllowedRange, mistakes: Mistakes) -> impl IntoView {
    let error = mistakes.of("allow_any").map(str::to_owned);
    let wrong = error.is_some();
    view! {
        <div class="card card-body stack">
            <Area
                name="addresses" label="Allowed IP addresses"
                hint="One IP address or range per line, such as 203.0.113.30 or 203.0.113.0/24. All others are refused."
                value=addresses mistake=mistakes.of("addresses")
            />
            <p class="small dim">"Your current IP address: " <span class="mono">{own.to_string()}</span> "."</p>
            <div class="field">
                {error.map(|what| view! {
                    <p class="error" id="allow_any-error"><span class="vh">"Error: "</span>{what}</p>
                })}
                <label class="check">
                    <input
                        type="checkbox" id="allow_any" name="allow_any" value="on" checked={allow_any == "on"}
                        aria-invalid=wrong.then_some("true")
                        aria-describedby=described_by("allow_any", true, wrong)
                    />
                    <span>
                        "Allow all IP addresses"
                        <span class="hint" id="allow_any-hint">
                            "0.0.0.0/0 and ::/0: every IP address on the internet can try to sign in, with TLS and a password. Ignores the list above."
                        </span>
                    </span>
                </label>
            </div>
        </div>
    }
}

#[component]
fn Extensions(chosen: Vec<String>, #[prop(into)] mistake: Issue) -> impl IntoView {
    let wrong = mistake.0.is_some();
    let boxes: Vec<_> = Extension::ALL
        .into_iter()
        .enumerate()
        .map(|(at, extension)| {
            let name = extension.name();
            let checked = chosen.iter().any(|one| one == name);
            let elsewhere = if extension.is_trusted() { "" } else { ". To restore a dump that uses it on another server, a superuser has to create it there first." };
            view! {
                <label class="check">
                    <input
                        type="checkbox" name="extensions[]" value=name checked=checked
                        id=(at == 0).then_some("extensions")
                    />
                    <span><span class="mono">{name}</span><span class="hint">{extension.purpose()}{elsewhere}</span></span>
                </label>
            }
        })
        .collect();
    let count = Extension::ALL.iter().filter(|known| chosen.iter().any(|one| one == known.name())).count();
    view! {
        <details class="card card-body fold" open=wrong>
            <summary>{format!("Extensions: {count} chosen")}<Icon name="chevron-down"/></summary>
            <fieldset class="checks" aria-describedby=described_by("extensions", true, wrong)>
                <legend class="vh">"Extensions"</legend>
                <p class="hint" id="extensions-hint">"Installed with the database. The three most used are selected."</p>
                {mistake.0.map(|what| view! {
                    <p class="error" id="extensions-error"><span class="vh">"Error: "</span>{what}</p>
                })}
                {boxes}
            </fieldset>
        </details>
    }
}
