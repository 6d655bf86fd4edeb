//! The change of an organisation's address.

use super::nav::present;
use crate::{
    components::Icon,
    pages::tenant::confirm::SignInAgain,
    web::{Cx, Field, Filled, Form, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::{organisation_slug::OrganisationSlug, routes::Page};
use innkeeper_service::organisations;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is typed of an address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    /// The organisation's slug when its page was shown.
    pub organisation: String,
    /// The slug that it is to have.
    pub slug: String,
}

/// Gives an organisation another address.
#[server(prefix = "/do", endpoint = "rename-slug")]
pub async fn rename_slug(
    /// What was sent.
    #[server(flatten)]
    form: AddressForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    match organisations::rename_slug(&cx.service, &cx.requester, &form.organisation, &form.slug).await {
        Ok(slug) if slug.as_str() == form.organisation => see_other(Page::Organisation((&slug).into())),
        Ok(slug) => {
            cx.say("Address changed. The previous one redirects here for 90 days.").await?;
            see_other(Page::Organisation((&slug).into()))
        }
        Err(error) => {
            let page = Page::Organisation(present(&cx, &form.organisation).await.into()).to_string();
            Err(refused(&page, &form, error))
        }
    }
}

needs!(RenameSlug, OrganisationRename);

/// The card, for admins.
#[component]
pub(super) fn Address(slug: OrganisationSlug, form: Filled<AddressForm>, fresh: bool) -> impl IntoView {
    let Filled { id, values, mistakes, again } = form;
    let value = if again { values.slug } else { slug.to_string() };
    let foot = if fresh {
        view! { <button type="submit" class="btn"><Icon name="check"/>"Change address"</button> }.into_any()
    } else {
        view! {
            <SignInAgain what="Sign in again to change it" back=Page::Organisation((&slug).into())/>
            <p class="small dim">"You can do this only within 5 minutes of signing in. Your sign-in is older."</p>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="address">
            <div class="card-head"><h2 id="address">"Address"</h2></div>
            <Form<RenameSlug> id>
                <input type="hidden" name="organisation" value=slug.to_string()/>
                <div class="card-body">
                    <Field
                        name="slug" label="URL of this organisation: /o/…" class="input mono" autocomplete="off"
                        hint="3 to 40 letters a to z, digits and hyphens. The previous address redirects here for 90 days."
                        value mistake=mistakes.of("slug")
                    />
                </div>
                <div class="card-foot">{foot}</div>
            </Form<RenameSlug>>
        </section>
    }
}
