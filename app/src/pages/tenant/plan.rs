//! Another plan for a database: the offers, and the page that compares the limits before anything changes.

use super::{
    confirm::{Asking, Press, conclude},
    lifecycle::run_status::{RunStanding, Support, Watched, on_show},
    standing::CutOff,
    usage::sessions,
};
use crate::{
    components::{Icon, LimitsCompared, Notice, PlanLimits, SubNav, errors::sentence, words},
    pages::{
        RefreshWithoutScript, nothing, part,
        plan_cards::{PlanCard, PlanCards},
    },
    web::{Cx, ErrorSummary, Form, Mistakes, PageEnd, PageTitle, Refusal, SeeOther, needs, refused},
};
use innkeeper_domain::{
    organisation::MemberRole,
    plan::Plan,
    ports::Usage,
    routes::Page,
    tenant::{TenantRole, TenantState},
};
use innkeeper_service::{
    Error,
    context::field_error::Field,
    tenants::lifecycle::{self, PlanOffer, PlanView},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which database gets which plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanForm {
    /// The database's name.
    pub name: String,
    /// The plan's name.
    pub plan: String,
}

/// Gives a database the limits of another plan.
#[server(prefix = "/do", endpoint = "change-plan")]
pub async fn change_plan(
    /// What was sent.
    #[server(flatten)]
    form: PlanForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Plan((&form.name).into()).to_string();
    let line = format!("The plan of {} is being changed.", form.name);
    match lifecycle::change_plan(&cx.service, &cx.requester, &form.name, &form.plan).await {
        // Beside the cards, which this page does not have.
        Err(error @ Error::Rejected(_)) => Err(refused(&page, &form, error)),
        ended => {
            let asked = Page::PlanCheck((&form.name).into(), (&form.plan).into()).to_string();
            conclude(&form, ended, &asked, &page, &page, line).await
        }
    }
}

needs!(ChangePlan, PlanChange);

/// The page of the offers. `?plan=` of its form leads to the page that compares.
#[component]
pub fn PlanPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let (name, asked) = (part("name"), cx.asked("plan"));
    view! {
        {Suspend::new(async move {
            match lifecycle::plans(&cx.service, &cx.requester, &name).await {
                Ok(view) if offer(&view, &asked).is_some() => {
                    nothing(&cx, PageEnd::Redirect(Page::PlanCheck(view.tenant.name.into(), asked.into()).into()))
                }
                Ok(view) => {
                    let form = cx.form::<ChangePlan, PlanForm>();
                    plan_view(view, form.values.plan, form.mistakes)
                }
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// The page that compares.
#[component]
pub fn PlanCheckPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(fresh) = cx.signed_in().map(|person| person.fresh) else { return ().into_any() };
    let (name, asked) = (part("name"), part("plan"));
    view! {
        {Suspend::new(async move {
            match lifecycle::plans(&cx.service, &cx.requester, &name).await {
                Ok(view) => match offer(&view, &asked) {
                    Some(plan) => plan_check_view(view, plan, fresh),
                    // The page of the offers says why not.
                    None => nothing(&cx, PageEnd::Redirect(Page::Plan((&view.tenant.name).into()).into())),
                },
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// The plan of that name, if it can be had now.
fn offer(view: &PlanView, name: &str) -> Option<Plan> {
    let open = |offer: &&PlanOffer| offer.plan.name == name && !offer.current && offer.refused.is_none();
    let now = !view.live && view.tenant.state == TenantState::Active;
    view.offers.iter().find(open).filter(|_| now).map(|offer| offer.plan.clone())
}

pub(crate) fn plan_view(view: PlanView, chosen: String, mistakes: Mistakes) -> AnyView {
    let PlanView { tenant, offers, run, live, .. } = view;
    let name = tenant.name.clone();
    let working = tenant.run.as_ref().is_some_and(|(_, state, _)| !state.is_over());
    let run = on_show(&tenant, run.as_ref()).cloned();
    let number = run.as_ref().map(|run| run.support_number.to_string());
    let steps = run.clone().map(|run| view! { <Watched run page=Page::Plan((&name).into())/> });
    let any = offers.iter().any(|offer| !offer.current && offer.refused.is_none());
    let cards = offers
        .into_iter()
        .map(|PlanOffer { plan, current, refused }| PlanCard {
            plan,
            current,
            refused: refused.filter(|_| !current).map(|code| sentence(Field::Plan, &code)),
        })
        .collect();
    let foot = if tenant.state != TenantState::Active {
        view! { <p class="small dim">"Available once the database is active."</p> }.into_any()
    } else if live {
        view! { <p class="small dim">"Available once the current operation has finished."</p> }.into_any()
    } else if any {
        view! {
            <button type="submit" class="btn btn-primary">"Change plan"<Icon name="arrow-right"/></button>
        }
        .into_any()
    } else {
        view! { <p class="small dim">"No other plan is available for this database."</p> }.into_any()
    };
    view! {
        <PageTitle text=format!("Plan of {}", tenant.wish) error=!mistakes.is_empty()/>
        {working.then(|| view! { <RefreshWithoutScript/> })}
        <div id="offers" data-live=working.then(|| Page::Events((&name).into()).to_string())>
            <ErrorSummary mistakes=mistakes.clone() fields=&["plan"]/>
            <div class="page-head">
                <h1>{format!("Plan of {}", tenant.wish)}</h1>
                <p>"The limits of the database. Data, passwords and allowed IP addresses stay the same on every plan."</p>
            </div>
            <SubNav name=name.clone() organisation=tenant.organisation_slug.clone() role=MemberRole::Admin current=Page::Plan/>
            <div class="split">
                <div class="stack">
                    <CutOff tenant=tenant.clone()/>
                    <RunStanding name=name.clone() run live/>
                    {steps}
                    <form class="card" method="get" action=Page::Plan((&name).into()).to_string()>
                        <div class="card-body"><PlanCards cards chosen mistake=mistakes.of("plan")/></div>
                        <div class="card-foot">{foot}</div>
                    </form>
                </div>
                <aside class="stack">
                    <section class="card" aria-labelledby="limits">
                        <div class="card-head"><h2 id="limits">{format!("Current plan: {}", tenant.plan.label)}</h2></div>
                        <PlanLimits limits=tenant.plan.limits/>
                    </section>
                    {number.map(|number| view! { <Support number/> })}
                </aside>
            </div>
        </div>
    }
    .into_any()
}

pub(crate) fn plan_check_view(view: PlanView, new: Plan, fresh: bool) -> AnyView {
    let PlanView { tenant, usage, .. } = view;
    let name = tenant.name.clone();
    let here = Page::PlanCheck((&name).into(), (&new.name).into());
    let back = Page::Plan((&name).into());
    let above = usage.as_ref().and_then(|usage| above(usage, &new)).map(|sessions| {
        view! {
            <Notice tone="warn" icon="triangle-alert" title=format!("{} above the new limit", words::count(sessions, "connection is", "connections are"))>
                <p>"They stay open until the client disconnects. Until then new connections are refused."</p>
            </Notice>
        }
    });
    view! {
        <Asking
            title=format!("Change the plan of {name} to {}", new.label)
            means="The new limits apply to new connections immediately. There is no restart; existing connections are not interrupted."
        >
            {above}
            <Form<ChangePlan> class="card">
                <input type="hidden" name="name" value=name.to_string()/>
                <input type="hidden" name="plan" value=new.name.clone()/>
                <LimitsCompared now=tenant.plan new/>
                <div class="card-body small dim">
                    <p>"You can change back at any time, as long as the database fits the old plan."</p>
                </div>
                <Press label="Change plan" icon="check" fresh here back/>
            </Form<ChangePlan>>
        </Asking>
    }
    .into_any()
}

/// How many sessions are more than the plan allows, in all or of a role; none if all fit.
fn above(usage: &Usage, plan: &Plan) -> Option<usize> {
    let limits = &plan.limits;
    let more = |now: i64, most: i32| now - i64::from(most);
    let of_roles = TenantRole::ALL
        .iter()
        .map(|role| more(*usage.connections.of(*role), *limits.role_connections.of(*role)).max(0));
    let most = more(sessions(usage), limits.connections).max(of_roles.sum());
    usize::try_from(most).ok().filter(|most| *most > 0)
}
