use leptos::prelude::*;

/// How a database is shut off, drawn: who gets in, through what, and what they cannot reach.
#[component]
pub fn IsolationPicture(
    /// What the database is called.
    #[prop(into)]
    database: String,
    /// From where connections are let in, in a few words.
    #[prop(into)]
    from: String,
    /// Whether every address is let in.
    #[prop(optional)]
    open: bool,
) -> impl IntoView {
    let label = format!(
        "Connections {from} go through TLS, the list of allowed addresses and a password, and reach {database} as \
         one of three roles. {} other customers' databases are shut.",
        if open { "All" } else { "Other addresses and" }
    );
    let outside = if open { ("Any address", "may try") } else { ("Everybody else", "refused") };
    let roles: Vec<_> = [("Owner", "migrations"), ("Application", "reads, writes"), ("Read-only", "reports")]
        .into_iter()
        .zip([62, 102, 142])
        .map(|((role, does), y)| {
            view! {
                <rect x="310" y=y.to_string() width="124" height="32" rx="7" fill="var(--surface)" stroke="var(--line)"></rect>
                <text x="320" y=(y + 14).to_string() font-size="11" font-weight="600" fill="var(--ink)">{role}</text>
                <text x="320" y=(y + 26).to_string() font-size="9.5" fill="var(--ink-3)">{does}</text>
            }
        })
        .collect();
    let gates: Vec<_> = [("TLS", 140), ("Address", 184), ("Password", 228)]
        .into_iter()
        .map(|(gate, x)| {
            view! {
                <rect x=x.to_string() y="74" width="36" height="92" rx="8" fill="var(--accent-soft)" stroke="var(--accent-line)"></rect>
                <text transform=format!("translate({} 120) rotate(-90)", x + 22) text-anchor="middle" font-size="11" font-weight="550" fill="var(--accent)">{gate}</text>
            }
        })
        .collect();
    view! {
        <svg viewBox="0 0 460 252" width="100%" role="img" aria-label=label font-family="var(--font)">
            // From the left: what may come in, and what may not.
            <rect x="8" y="86" width="104" height="42" rx="8" fill="var(--ok-soft)" stroke="var(--ok)"></rect>
            <text x="60" y="104" text-anchor="middle" font-size="11" font-weight="600" fill="var(--ok)">"Your addresses"</text>
            <text x="60" y="119" text-anchor="middle" font-size="9.5" fill="var(--ok)">"let in"</text>
            <rect x="8" y="140" width="104" height="42" rx="8" fill="var(--mute-soft)" stroke="var(--line-strong)" stroke-dasharray="3 3"></rect>
            <text x="60" y="158" text-anchor="middle" font-size="11" font-weight="600" fill="var(--ink-2)">{outside.0}</text>
            <text x="60" y="173" text-anchor="middle" font-size="9.5" fill="var(--ink-2)">{outside.1}</text>
            <path d="M112 107H140M176 107H184M220 107H228M264 107H296" stroke="var(--ok)" stroke-width="2" fill="none"></path>
            <path d="M290 102l7 5-7 5" stroke="var(--ok)" stroke-width="2" fill="none"></path>
            <path d="M112 156H132" stroke="var(--line-strong)" stroke-width="2" stroke-dasharray="3 3"></path>
            <path d="M128 151l8 10m0-10l-8 10" stroke="var(--bad)" stroke-width="2"></path>
            {gates}
            // The database with its three roles.
            <rect x="298" y="22" width="150" height="164" rx="12" fill="var(--sunken)" stroke="var(--accent)" stroke-width="1.5"></rect>
            <text x="373" y="46" text-anchor="middle" font-size="12" font-weight="600" fill="var(--ink)" font-family="var(--mono)">{database}</text>
            {roles}
            // The neighbours.
            <path d="M8 208H452" stroke="var(--line)"></path>
            <rect x="298" y="218" width="150" height="26" rx="8" fill="var(--mute-soft)" stroke="var(--line-strong)" stroke-dasharray="3 3"></rect>
            <text x="373" y="235" text-anchor="middle" font-size="11" fill="var(--ink-2)">"Other databases"</text>
            <text x="8" y="235" font-size="11" fill="var(--ink-2)">"Your roles cannot enter them, theirs cannot enter yours"</text>
        </svg>
    }
}
