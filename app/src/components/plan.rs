use innkeeper_domain::plan::Limits;
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
        ("Work memory", format!("{work_mem_mb} MB")),
        ("Planner's cache size", cache),
        ("Temporary files", format!("{temp_file_limit_gb} GB")),
        ("Idle in a transaction", format!("{idle_in_transaction_minutes} min")),
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
