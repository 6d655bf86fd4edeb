use innkeeper_domain::{
    plan::{LOCKS_PER_TENANT, Limits, Plan},
    tenant::TenantRole,
    text::thousands,
};
use leptos::prelude::*;

/// What a plan allows, as rows of words.
pub(crate) fn limit_rows(limits: &Limits) -> Vec<(&'static str, String)> {
    let Limits {
        connections,
        // Shown with the roles themselves.
        role_connections: _,
        work_mem_mb,
        effective_cache_size_mb,
        storage_gb,
        temp_file_limit_gb,
        idle_in_transaction_minutes,
    } = limits;
    let cache = match effective_cache_size_mb {
        mb if mb % 1024 == 0 => format!("{} GB", mb / 1024),
        mb => format!("{mb} MB"),
    };
    vec![
        ("Connections", connections.to_string()),
        ("Storage", format!("{storage_gb} GB")),
        ("work_mem", format!("{work_mem_mb} MB")),
        ("effective_cache_size", cache),
        ("Temp file limit", format!("{temp_file_limit_gb} GB")),
        ("Lock limit", thousands(LOCKS_PER_TENANT)),
        ("Idle-in-transaction timeout", format!("{idle_in_transaction_minutes} min")),
    ]
}

/// A table of what a plan allows.
#[component]
pub fn PlanLimits(
    /// The limits.
    limits: Limits,
) -> impl IntoView {
    let rows: Vec<_> = limit_rows(&limits)
        .into_iter()
        .map(|(what, value)| view! { <tr><th scope="row">{what}</th><td class="end">{value}</td></tr> })
        .collect();
    view! { <table class="table"><tbody>{rows}</tbody></table> }
}

/// What two plans allow, side by side; what differs stands out.
#[component]
pub fn LimitsCompared(
    /// The plan in force.
    now: Plan,
    /// The plan in its place.
    new: Plan,
) -> impl IntoView {
    let roles = |limits: &Limits| {
        TenantRole::ALL.iter().map(|role| limits.role_connections.of(*role).to_string()).collect::<Vec<_>>()
    };
    let names = TenantRole::ALL.iter().map(|role| format!("Connections as {}", role.label().to_lowercase()));
    let of_roles = names.zip(roles(&now.limits).into_iter().zip(roles(&new.limits)));
    let mut rows: Vec<_> = limit_rows(&now.limits)
        .into_iter()
        .zip(limit_rows(&new.limits))
        .map(|((what, old), (_, new))| (what.to_owned(), (old, new)))
        .collect();
    rows.splice(1..1, of_roles);
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(what, (old, new))| {
            let differs = old != new;
            let new = if differs {
                view! { <strong>{new}</strong><span class="vh">" (changes)"</span> }.into_any()
            } else {
                new.into_any()
            };
            view! { <tr><th scope="row">{what}</th><td class="end">{old}</td><td class="end">{new}</td></tr> }
        })
        .collect();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Limit"</th>
                    <th scope="col" class="end">"Current" <span class="sub">{now.label}</span></th>
                    <th scope="col" class="end">"New" <span class="sub">{new.label}</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
