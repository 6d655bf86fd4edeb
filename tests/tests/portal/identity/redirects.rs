//! After a sign-in nobody is led out of the portal, whatever the link said that began it.

mod forms;

use super::{oidc, start};
use forms::{OWN, forms};
use futures::{StreamExt as _, future::join_all, stream};
use innkeeper_tests::{
    Page, Person, Portal,
    issuer::{Issuer, Play},
};
use std::collections::{HashMap, hash_map::Entry};
use url::Url;

/// How many browsers try at once: two processors are busy with them.
const AT_ONCE: usize = 6;

fn query(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

/// A place to come to after a sign-in: the page that was asked for, or where one comes without.
fn check(portal: &Portal, form: &str, answer: &Page) {
    let to = answer.leads_to();
    let plain = to.starts_with('/') && !to.starts_with("//");
    let plain = plain
        && to
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/_-".contains(&byte));
    assert!(plain, "{form:?} led to {to:?}");
    // As a browser reads it.
    let site = Url::parse(&portal.url()).unwrap();
    assert_eq!(site.join(&to).unwrap().origin(), site.origin(), "{form:?} led to {to:?}");
    let own = OWN.contains(&form);
    assert_eq!(to, if own { form } else { "/sign-up/database" }, "{form:?}");
}

/// An issuer and a portal that trusts it.
struct House {
    issuer: Issuer,
    portal: Portal,
}

impl House {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let address = issuer.address("acme");
        let mut play = Play::good(&address, issuer.keys());
        play.description.document().as_object_mut().unwrap().remove("userinfo_endpoint");
        issuer.say("acme", play);
        let portal = start(&oidc("acme", &address)).await;
        Self { issuer, portal }
    }

    /// Has a browser try each of the forms at a door, several browsers side by side.
    async fn try_all(&self, forms: &[&str], door: impl AsyncFn(&Person, &[&str])) {
        let each = forms.chunks(forms.len().div_ceil(AT_ONCE));
        join_all(each.map(async |forms| door(&Person::new(&self.portal, ""), forms).await)).await;
    }

    /// Where the portal sends a browser that begins here.
    async fn sent(&self, jane: &Person, start: &str) -> String {
        let sent = jane.get(start).await.leads_to();
        assert!(
            sent.starts_with(&format!("{}/authorize?", self.issuer.address("acme"))),
            "{start:?}: {sent}"
        );
        sent
    }

    /// A whole sign-in that begins here: what it ends with.
    async fn sign_in(&self, jane: &Person, start: &str) -> Page {
        let sent = self.sent(jane, start).await;
        self.issuer.change("acme", |play| {
            // However long all of them take.
            play.claims["iat"] = innkeeper_tests::issuer::now().into();
            play.claims["exp"] = (innkeeper_tests::issuer::now() + 300).into();
        });
        jane.get(&self.issuer.sign_in("acme", &sent)).await
    }

    /// By a link to the provider.
    async fn by_link(&self, jane: &Person, forms: &[&str]) {
        for form in forms {
            let answer = self.sign_in(jane, &format!("/sign-in/acme?{}", query("return", form))).await;
            check(&self.portal, form, &answer);
        }
    }

    /// From the page on which people choose: none of its links and forms leads out, either. What its link to the provider
    /// is for several forms is followed once.
    async fn by_page(&self, jane: &Person, forms: &[&str]) {
        let stranger = Person::new(&self.portal, "");
        let mut followed = HashMap::new();
        for form in forms {
            let page = stranger.open(&format!("/sign-in?{}", query("return", form))).await;
            let way = way_by_provider(form, &page);
            let answer = match followed.entry(way) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let answer = self.sign_in(jane, new.key()).await;
                    new.insert(answer)
                }
            };
            check(&self.portal, form, answer);
        }
    }

    /// Who is refused is not led out by the page that says so.
    async fn refused(&self, jane: &Person, forms: &[&str]) {
        for form in forms {
            let sent = self.sent(jane, &format!("/sign-in/acme?{}", query("return", form))).await;
            let state = sent.split("&state=").nth(1).unwrap().split('&').next().unwrap();
            let answer = jane.get(&format!("/sign-in/acme/callback?error=access_denied&state={state}")).await;
            assert_eq!(answer.leads_to(), "/sign-in?provider=acme&reason=declined", "{form:?}");
        }
    }
}

/// The link to the provider on the page on which people choose, all of whose links stay.
fn way_by_provider(form: &str, page: &Page) -> String {
    let html = page.html();
    let links =
        html.elements().filter_map(|element| element.attribute("href").or(element.attribute("action")));
    let links: Vec<String> = links.map(str::to_owned).collect();
    for link in &links {
        let stays = link.starts_with('#')
            || (link.starts_with('/') && !link.starts_with("//") && !link.contains('\\'));
        assert!(stays, "{form:?}: a link to {link:?}");
    }
    let way = links.iter().find(|link| link.starts_with("/sign-in/acme?"));
    way.unwrap_or_else(|| panic!("no way by the provider: {links:?}")).clone()
}

#[tokio::test]
async fn a_sign_in_by_a_provider_leads_into_the_portal() {
    let house = House::start().await;
    let forms = forms();
    assert!(forms.len() >= 200, "{} forms", forms.len());
    let all: Vec<&str> = forms.iter().map(String::as_str).chain(OWN.iter().copied()).collect();
    // Jane is known before her browsers come side by side: of those that are somebody new at once one is let in.
    house.sign_in(&Person::new(&house.portal, ""), "/sign-in/acme").await;
    house.try_all(&all, async |jane, forms| house.by_link(jane, forms).await).await;
    house.try_all(&all, async |jane, forms| house.by_page(jane, forms).await).await;
    house.try_all(&all, async |jane, forms| house.refused(jane, forms).await).await;
    // Said twice, or in another's name.
    let jane = Person::new(&house.portal, "");
    for said in [
        "return=/t&return=//evil.example",
        "return=//evil.example&return=/t",
        "return[]=//evil.example",
        "Return=//evil.example",
    ] {
        let to = house.sign_in(&jane, &format!("/sign-in/acme?{said}")).await.leads_to();
        assert!(["/t", "/sign-up/database"].contains(&to.as_str()), "{said} led to {to}");
    }
    println!("identity: {} ways out of the portal refused, at three doors each", forms.len());
}

/// By the page's link as well as by what the form is made to send. Whether that was a form at all: control characters are
/// not even a form's text.
async fn by_mail(portal: &Portal, nth: usize, form: &str) -> bool {
    let jane = Person::new(portal, &format!("jane.{nth}@acme.example"));
    let page = jane.open(&format!("/sign-in?{}", query("return", form))).await;
    let answer = jane.submit(&page.form("/do/sign-in"), &[("email", &jane.email), ("return_to", form)]).await;
    if answer.status == 400 {
        return false;
    }
    assert_eq!(answer.leads_to(), "/verify", "{form:?}");
    let mail = portal.mailbox.wait(&jane.email, 0, |_| true).await;
    check(portal, form, &jane.press(&jane.form(&mail.link(&portal.url()), "/do/verify").await).await);
    true
}

#[tokio::test]
async fn a_sign_in_by_mail_leads_into_the_portal() {
    let portal = start("").await;
    let forms = forms();
    let all = forms.iter().map(String::as_str).chain(OWN.iter().copied()).enumerate();
    let tried: Vec<bool> = stream::iter(all)
        .map(|(nth, form)| by_mail(&portal, nth, form))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let refused = tried.iter().filter(|form| !**form).count();
    assert_eq!(tried.len(), forms.len() + OWN.len());
    assert!(refused < 30 && forms.len() - refused >= 200, "{refused} of {} were no form at all", forms.len());
    println!("sign-in: {} ways out of the portal refused, by mail", forms.len());
}
