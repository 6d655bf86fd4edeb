use innkeeper_domain::plan::Limits;
use leptos::prelude::*;

/// What a plan allows, as rows of words.
pub(crate) fn limit_rows(limits: &Limits) -> Vec<(&'static str, String)> {
    let Limits {
        connections,
        role_connections,
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
        ("… of the application role", role_connections.app.to_string()),
        ("… of the read-only role", role_connections.readonly.to_string()),
        ("… of the owner", role_connections.owner.to_string()),
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
        .map(|(what, value)| view! { <div><dt>{what}</dt><dd class="num">{value}</dd></div> })
        .collect();
    view! { <dl class="kv wide">{rows}</dl> }
}
