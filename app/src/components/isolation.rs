use leptos::prelude::*;

/// How a database is shut off, drawn: who gets in, through what, and what they cannot reach.
#[component]
pub fn IsolationPicture(
    /// From where connections are let in, in a few words.
    #[prop(into)]
    from: String,
    /// Whether every address is let in.
    #[prop(optional)]
    open: bool,
) -> impl IntoView {
    let label = format!(
        "Connections {from} go through TLS, the IP allowlist and a password, and reach the database as \
         one of three roles. {}Other customers' databases cannot be reached.",
        if open { "" } else { "Other IP addresses are rejected. " }
    );
    let (inside, outside) =
        if open { (("Any", "address"), None) } else { (("Your", "addresses"), Some(("Everybody", "else"))) };
    let roles: Vec<_> = [("Owner", "migrations"), ("Application", "reads, writes"), ("Read-only", "reports")]
        .into_iter()
        .zip([44, 86, 128])
        .map(|((role, does), y)| {
            view! {
                <rect x="252" y=y.to_string() width="98" height="36" rx="7" fill="var(--surface)" stroke="var(--line)"></rect>
                <text x="261" y=(y + 16).to_string() font-size="11.5" font-weight="600" fill="var(--ink)">{role}</text>
                <text x="261" y=(y + 29).to_string() font-size="10.5" fill="var(--ink-2)">{does}</text>
            }
        })
        .collect();
    let gates: Vec<_> = [("TLS", 116), ("Address", 155), ("Password", 194)]
        .into_iter()
        .map(|(gate, x)| {
            let turned = format!("translate({} 110) rotate(-90)", x + 19);
            view! {
                <rect x=x.to_string() y="62" width="30" height="96" rx="8" fill="var(--accent-soft)" stroke="var(--accent-line)"></rect>
                <text transform=turned text-anchor="middle" font-size="12" font-weight="600" fill="var(--accent)">{gate}</text>
            }
        })
        .collect();
    let refused = outside.map(|words| {
        view! {
            <Who words y=128 fill="var(--mute-soft)" ink="var(--ink-2)" dashes="3 3"/>
            <path d="M92 147H104" stroke="var(--line-strong)" stroke-width="2" stroke-dasharray="3 3"></path>
            <path d="M101 142l8 10m0-10l-8 10" stroke="var(--bad)" stroke-width="2"></path>
        }
    });
    view! {
        <svg viewBox="0 0 362 234" width="100%" role="img" aria-label=label font-family="var(--font)">
            <Who words=inside y=72 fill="var(--ok-soft)" ink="var(--ok)" dashes=""/>
            {refused}
            <path d="M92 91H116M146 91H155M185 91H194M224 91H238" stroke="var(--ok)" stroke-width="2"></path>
            <path d="M233 86l6 5-6 5" fill="none" stroke="var(--ok)" stroke-width="2"></path>
            {gates}
            <rect x="242" y="8" width="118" height="166" rx="12" fill="var(--sunken)" stroke="var(--accent)" stroke-width="1.5"></rect>
            <text x="301" y="31" text-anchor="middle" font-size="12" font-weight="600" fill="var(--ink)">"Your database"</text>
            {roles}
            <rect x="242" y="196" width="118" height="30" rx="8" fill="var(--mute-soft)" stroke="var(--line-strong)" stroke-dasharray="3 3"></rect>
            <text x="301" y="215" text-anchor="middle" font-size="12" fill="var(--ink-2)">"Other databases"</text>
            <path d="M301 176v18" stroke="var(--line-strong)" stroke-width="2" stroke-dasharray="3 3"></path>
            <path d="M296 180l10 10m0-10l-10 10" stroke="var(--bad)" stroke-width="2"></path>
            <text x="4" y="208" font-size="11.5" fill="var(--ink-2)">"Your roles cannot enter other databases,"</text>
            <text x="4" y="223" font-size="11.5" fill="var(--ink-2)">"other roles cannot enter yours."</text>
        </svg>
    }
}

/// Somebody at the door: two words in a box.
#[component]
fn Who(
    words: (&'static str, &'static str),
    y: i32,
    fill: &'static str,
    ink: &'static str,
    dashes: &'static str,
) -> impl IntoView {
    let dashes = (!dashes.is_empty()).then_some(dashes);
    let stroke = if dashes.is_some() { "var(--line-strong)" } else { ink };
    view! {
        <rect x="2" y=y.to_string() width="90" height="38" rx="8" fill=fill stroke=stroke stroke-dasharray=dashes></rect>
        <text x="47" y=(y + 16).to_string() text-anchor="middle" font-size="11.5" font-weight="600" fill=ink>{words.0}</text>
        <text x="47" y=(y + 30).to_string() text-anchor="middle" font-size="11.5" font-weight="600" fill=ink>{words.1}</text>
    }
}
