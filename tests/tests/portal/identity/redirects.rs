//! After a sign-in nobody is led out of the portal, whatever the link said that began it.

use super::{oidc, start};
use innkeeper_tests::{
    Page, Person, Portal,
    issuer::{Issuer, Play},
};
use url::Url;

/// How a way out may begin.
const BEGINNINGS: &[&str] = &[
    "",
    "//",
    "///",
    "////",
    "\\",
    "\\\\",
    "/\\",
    "\\/",
    "/\\/",
    "/\t/",
    "/\n/",
    "/\r/",
    "/\r\n/",
    "\t//",
    " //",
    "\u{0}//",
    "/\u{0}/",
    "/\u{b}/",
    "/\u{7f}/",
    "/./",
    "/.//",
    "/../",
    "/..//",
    "./",
    "../",
    "/%09/",
    "/%0a/",
    "/%00/",
    "/%2f",
    "/%2F/",
    "%2f%2f",
    "/%5c",
    "%5C%5c",
    "/%252f",
    "%252f%252f",
    "/%255c",
    "/%0d%0a//",
    "/%0d%0aLocation:%20//",
    "/\r\nLocation: //",
    "/%2e%2e//",
    "/%252e%252e//",
    "/\u{2044}",
    "/\u{2215}",
    "/\u{ff0f}",
    "\u{ff0f}\u{ff0f}",
    "\u{2f}\u{338}",
    "/\u{3002}",
    "/\u{ff3c}",
    "/\u{202e}",
    "/\u{200b}/",
    "\u{feff}//",
    "/;/",
    "/;@",
    "/@",
    "/:",
    "/?//",
    "/#//",
    "https:",
    "https:/",
    "https://",
    "https:///",
    "https:\\\\",
    "HTTPS://",
    "hTTp://",
    "http:",
    "h\tttps://",
    "//portal.example@",
    "https://portal.example@",
    "https://portal.example\\@",
    "https://portal.example%40",
    "//user:pass@",
    "ftp://",
    "file:///",
    "javascript:alert(1)//",
    "java\nscript:alert(1)//",
    "JavaScript://%0aalert(1)//",
    "data:text/html,<script>//",
    "vbscript:x//",
    "mailto:x@",
    "blob:https://",
    "view-source:https://",
    "/t//",
    "/t/..//",
    "/t/../..//",
    "/t/%2e%2e//",
    "/do/..//",
    "/sign-in/..//",
    "/t\\",
    "/T//",
    "/.evil//",
];

/// Where it may lead.
const HOSTS: &[&str] = &["evil.example", "evil%2eexample", "evil\u{3002}example"];

/// All of them.
fn forms() -> Vec<String> {
    let made = BEGINNINGS.iter().flat_map(|begin| HOSTS.iter().map(move |host| format!("{begin}{host}/in")));
    made.chain(
        ["/do/sign-out", "/api/v1", "/dev/mailbox", "/verify", "/sign-in/acme/callback"].map(str::to_owned),
    )
    .collect()
}

/// Pages of the portal: these are kept.
const OWN: &[&str] = &["/t", "/account", "/sign-up/check", "/t/shop_k3v9x2/handoff"];

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

#[tokio::test]
async fn a_sign_in_by_a_provider_leads_into_the_portal() {
    let issuer = Issuer::start().await;
    let address = issuer.address("acme");
    let mut play = Play::good(&address, issuer.keys());
    play.description.document().as_object_mut().unwrap().remove("userinfo_endpoint");
    issuer.say("acme", play);
    let portal = start(&oidc("acme", &address)).await;
    let forms = forms();
    assert!(forms.len() >= 200, "{} forms", forms.len());
    let all = || forms.iter().map(String::as_str).chain(OWN.iter().copied());
    let jane = Person::new(&portal, "");
    let walk = async |form: &str, start: &str| {
        issuer.change("acme", |play| {
            // However long all of them take.
            play.claims["iat"] = innkeeper_tests::issuer::now().into();
            play.claims["exp"] = (innkeeper_tests::issuer::now() + 300).into();
        });
        let sent = jane.get(start).await.leads_to();
        assert!(sent.starts_with(&format!("{address}/authorize?")), "{form:?}: {sent}");
        check(&portal, form, &jane.get(&issuer.sign_in("acme", &sent)).await);
    };
    for form in all() {
        walk(form, &format!("/sign-in/acme?{}", query("return", form))).await;
    }
    // The same from the page on which people choose: none of its links and forms leads out, either.
    for form in all() {
        let visitor = Person::new(&portal, "");
        let page = visitor.open(&format!("/sign-in?{}", query("return", form))).await.html();
        let links: Vec<String> = page
            .elements()
            .filter_map(|element| {
                element.attribute("href").or(element.attribute("action")).map(str::to_owned)
            })
            .collect();
        for link in &links {
            let stays = link.starts_with('#')
                || (link.starts_with('/') && !link.starts_with("//") && !link.contains('\\'));
            assert!(stays, "{form:?}: a link to {link:?}");
        }
        let way = links.iter().find(|link| link.starts_with("/sign-in/acme?"));
        walk(form, way.unwrap_or_else(|| panic!("no way by the provider: {links:?}"))).await;
    }
    // Said twice, or in another's name.
    for said in [
        "return=/t&return=//evil.example",
        "return=//evil.example&return=/t",
        "return[]=//evil.example",
        "Return=//evil.example",
    ] {
        let sent = jane.get(&format!("/sign-in/acme?{said}")).await.leads_to();
        let to = jane.get(&issuer.sign_in("acme", &sent)).await.leads_to();
        assert!(["/t", "/sign-up/database"].contains(&to.as_str()), "{said} led to {to}");
    }
    // Who is refused is not led out by the page that says so.
    for form in all() {
        let sent = jane.get(&format!("/sign-in/acme?{}", query("return", form))).await.leads_to();
        let state = sent.split("&state=").nth(1).unwrap().split('&').next().unwrap();
        let answer = jane.get(&format!("/sign-in/acme/callback?error=access_denied&state={state}")).await;
        assert_eq!(answer.leads_to(), "/sign-in?provider=acme&reason=declined", "{form:?}");
    }
    println!("identity: {} ways out of the portal refused, at three doors each", forms.len());
}

#[tokio::test]
async fn a_sign_in_by_mail_leads_into_the_portal() {
    let portal = start("").await;
    let forms = forms();
    let mut refused = 0;
    for (nth, form) in forms.iter().map(String::as_str).chain(OWN.iter().copied()).enumerate() {
        // By the page's link as well as by what the form is made to send.
        let jane = Person::new(&portal, &format!("jane.{nth}@acme.example"));
        let page = jane.open(&format!("/sign-in?{}", query("return", form))).await;
        let answer =
            jane.submit(&page.form("/do/sign-in"), &[("email", &jane.email), ("return_to", form)]).await;
        if answer.status == 400 {
            // Not even a form's text: control characters.
            refused += 1;
            continue;
        }
        assert_eq!(answer.leads_to(), "/verify", "{form:?}");
        let mail = portal.mailbox.wait(&jane.email, 0, |_| true).await;
        check(&portal, form, &jane.press(&jane.form(&mail.link(&portal.url()), "/do/verify").await).await);
    }
    assert!(refused < 30 && forms.len() - refused >= 200, "{refused} of {} were no form at all", forms.len());
    println!("sign-in: {} ways out of the portal refused, by mail", forms.len());
}
