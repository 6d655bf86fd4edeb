//! How much a database uses, beside what it may.

use crate::components::{Meter, words};
use innkeeper_domain::{ports::Usage, routes::Page, tenant::TenantRole};
use innkeeper_service::tenants::{TenantView, lifecycle::BackupLine};
use leptos::prelude::*;

const GIB: i64 = 1 << 30;

/// All sessions of the three roles now.
pub(super) fn sessions(usage: &Usage) -> i64 {
    usage.connections.iter().map(|(_, count)| *count).sum()
}

/// The sessions now, and whose they are: `4: 3 as application, 1 as read-only`.
pub(super) fn sessions_in_words(usage: Option<&Usage>) -> String {
    let Some(usage) = usage else { return "Not known: the server did not answer within 3 seconds".into() };
    let roles: Vec<_> = usage
        .connections
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(role, count)| format!("{count} as {}", role.label().to_lowercase()))
        .collect();
    match roles.as_slice() {
        [] => "None".into(),
        some => format!("{}: {}", sessions(usage), some.join(", ")),
    }
}

/// The size of the database and what becomes of it: `8.1 MB, kept`.
pub(super) fn size_in_words(usage: Option<&Usage>, then: &str) -> String {
    usage.map_or_else(
        || format!("All of it {then}"),
        |usage| format!("{}, {then}", words::bytes(usage.size_bytes)),
    )
}

/// Four numbers; where the server does not answer, the page says so and the rest works.
#[component]
pub(super) fn Numbers(
    tenant: TenantView,
    usage: Option<Usage>,
    /// The newest backup that was verified.
    backup: Option<BackupLine>,
) -> impl IntoView {
    let limits = &tenant.plan.limits;
    let (storage, connections, cache) = if let Some(usage) = &usage {
        let (number, unit) = words::size(usage.size_bytes);
        let whole = i64::from(limits.storage_gb) * GIB;
        let now = sessions(usage);
        let cache = usage.cache_hit_percent.map_or_else(
            || view! { "–" <small>"no reads yet"</small> }.into_any(),
            |percent| view! { {format!("{percent:.1}")} <small>"%"</small> }.into_any(),
        );
        (
                view! {
                    {number} <small>{format!("{unit} of {} GB", limits.storage_gb)}</small>
                    <Meter part=usage.size_bytes whole label=format!("{unit} of storage used", unit = words::percent_of(usage.size_bytes, whole))/>
                }
                .into_any(),
                view! {
                    {now.to_string()} <small>{format!("of {}", limits.connections)}</small>
                    <Meter part=now whole=i64::from(limits.connections) label=format!("{now} of {} connections in use", limits.connections)/>
                }
                .into_any(),
                cache,
            )
    } else {
        let unknown = || view! { "–" <small>"no answer"</small> }.into_any();
        (unknown(), unknown(), unknown())
    };
    let backup = match backup {
        Some(BackupLine { bytes, created_at, .. }) => {
            let size = bytes.map(|bytes| format!("{}, ", words::bytes(bytes))).unwrap_or_default();
            let about = format!("{}, {size}verified", words::clock(created_at));
            view! {
                <time datetime=words::stamp(created_at)>{words::day(created_at)}</time> " " <small>{about}</small>
            }
            .into_any()
        }
        None => view! { "None" " " <small>"one is taken when the database is deleted"</small> }.into_any(),
    };
    view! {
        <div>
            <dl class="stats card">
                <div><dt>"Storage"</dt><dd>{storage}</dd></div>
                <div><dt>"Active connections"</dt><dd>{connections}</dd></div>
                <div><dt>"Cache hits"</dt><dd>{cache}</dd></div>
                <div><dt>"Last backup"</dt><dd>{backup}</dd></div>
            </dl>
            {usage.is_none().then(|| view! {
                <p class="small dim tight">
                    "The server did not answer within 3 seconds, so no figures are available. "
                    <a href=Page::Tenant((&tenant.name).into()).to_string()>"Try again"</a>
                </p>
            })}
        </div>
    }
}

/// Connections of each role against its own limit.
#[component]
pub(super) fn Roles(tenant: TenantView, usage: Option<Usage>) -> impl IntoView {
    let limits = tenant.plan.limits.role_connections;
    let rows: Vec<_> = TenantRole::ALL
        .iter()
        .map(|role| {
            let most = *limits.of(*role);
            let now = usage.as_ref().map(|usage| *usage.connections.of(*role));
            let words = now.map_or_else(|| format!("up to {most}"), |now| format!("{now} of {most}"));
            view! {
                <tr role="row">
                    <th scope="row" role="rowheader">
                        <strong>{role.label()}</strong><span class="sub mono">{tenant.name.role(*role)}</span>
                    </th>
                    <td role="cell" data-label="Connections">
                        <span>
                            {words.clone()}
                            {now.map(|now| view! {
                                <Meter part=now whole=i64::from(most) label=format!("{}: {words} connections", role.label())/>
                            })}
                        </span>
                    </td>
                </tr>
            }
        })
        .collect();
    view! {
        <section class="card" aria-labelledby="roles">
            <div class="card-head"><h2 id="roles">"Roles"</h2></div>
            <div class="table-wrap">
                <table class="table cards" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Role"</th>
                            <th scope="col" role="columnheader">"Connections"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
