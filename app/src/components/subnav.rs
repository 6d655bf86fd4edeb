use innkeeper_domain::name::TenantName;
use leptos::prelude::*;

/// The pages of a tenant.
#[component]
pub fn SubNav(
    /// The tenant.
    name: TenantName,
    /// Which one this is: the end of its path, empty for the overview.
    current: &'static str,
) -> impl IntoView {
    let link = |(end, label): (&'static str, &'static str)| {
        let here = (end == current).then_some("page");
        view! { <a href=format!("/t/{name}{end}") aria-current=here>{label}</a> }
    };
    let links: Vec<_> =
        [("", "Overview"), ("/connect", "Connect"), ("/handoff", "Credentials"), ("/runs", "Journal")]
            .into_iter()
            .map(link)
            .collect();
    view! { <nav class="subnav" aria-label="This database">{links}</nav> }
}
