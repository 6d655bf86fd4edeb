//! Where providers differ: what they call themselves, whom they call what, and which of their words count.

use innkeeper_domain::{
    email::EmailAddress,
    identity::{Contact, Groups, ProviderKind, Reason, Refusal, Subject},
};
use openidconnect::IssuerUrl;
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

/// All that was said of a person, by name.
pub(super) type Claims = Map<String, Value>;

/// Stands in the issuer of Entra's description for all tenants.
const ANY_TENANT: &str = "{tenantid}";

/// Who may have made a token.
#[derive(Debug, Clone)]
pub(super) enum Issuers {
    /// This one, to the letter.
    One(Url, String),
    /// Each tenant of Entra, at this address of the service.
    EntraTenants(Url),
}

impl Issuers {
    /// The issuer of this address; Entra's address for all tenants ends in `/organizations/v2.0` or `/common/v2.0`.
    pub fn of(kind: ProviderKind, issuer: &str) -> Result<Self, Refusal> {
        let wrong = |why: &dyn std::fmt::Display| Refusal::new(Reason::Discovery, format!("{issuer}: {why}"));
        let url = Url::parse(issuer).map_err(|error| wrong(&error))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(&"an issuer has neither ? nor # in it"));
        }
        let all = ["/organizations/v2.0", "/common/v2.0"].iter().any(|end| url.path().ends_with(end));
        Ok(match kind {
            ProviderKind::Entra if all => Self::EntraTenants(url),
            _ => Self::One(url, issuer.to_owned()),
        })
    }

    /// Where its description is (OpenID Connect Discovery 1.0, section 4).
    pub fn description(&self) -> Url {
        let (Self::One(url, _) | Self::EntraTenants(url)) = self;
        let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
        let mut description = url.clone();
        description.set_path(&path);
        description
    }

    /// Whether a description is this issuer's own.
    pub fn check_described(&self, issuer: &IssuerUrl) -> Result<(), Refusal> {
        let right = match self {
            Self::One(_, own) => issuer.as_str() == own,
            Self::EntraTenants(_) => issuer.as_str().contains(ANY_TENANT),
        };
        if right {
            return Ok(());
        }
        Err(Refusal::new(Reason::Discovery, format!("the description is that of {}", issuer.as_str())))
    }

    /// Who must have made a token that says these things of itself, before any of it is believed.
    pub fn maker(&self, described: &IssuerUrl, claimed: &Claims) -> Result<IssuerUrl, Refusal> {
        match self {
            Self::One(..) => Ok(described.clone()),
            Self::EntraTenants(_) => {
                let tenant = guid(claimed, "tid")?;
                IssuerUrl::new(described.as_str().replace(ANY_TENANT, &tenant))
                    .map_err(|error| Refusal::new(Reason::Issuer, error))
            }
        }
    }
}

/// Who it is. For Entra the name in the token differs from application to application: the tenant's number for the person
/// is the same in all.
pub(super) fn subject(
    kind: ProviderKind,
    issuer: &str,
    name: &str,
    claims: &Claims,
) -> Result<Subject, Refusal> {
    let made = match kind {
        ProviderKind::Entra => {
            let tenant = guid(claims, "tid")?;
            if !issuer.contains(&tenant) {
                return Err(Refusal::new(Reason::Subject, "the token's tenant is not that of its issuer"));
            }
            Subject::new(issuer, guid(claims, "oid")?)
        }
        ProviderKind::Oidc | ProviderKind::Authentik | ProviderKind::GitHub => Subject::new(issuer, name),
    };
    made.map_err(|error| Refusal::new(Reason::Subject, format!("the name {error}")))
}

/// Where they can be written to. Entra says of no address that it is verified; where it says so of the domain's owner
/// (`xms_edov`) that counts.
pub(super) fn contact(kind: ProviderKind, claims: &Claims) -> Option<Contact> {
    let text =
        |name: &str| claims.get(name).and_then(Value::as_str).and_then(|text| EmailAddress::parse(text).ok());
    let (address, proof) = match kind {
        ProviderKind::Entra => (text("email").or_else(|| text("preferred_username"))?, "xms_edov"),
        ProviderKind::Oidc | ProviderKind::Authentik | ProviderKind::GitHub => {
            (text("email")?, "email_verified")
        }
    };
    let proven = match claims.get(proof) {
        Some(Value::Bool(proven)) => *proven,
        Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    };
    Some(Contact { address, proven })
}

/// To which groups they belong, under this name. Entra says by `_claim_names` or `hasgroups` that there are more than
/// fit into a token.
pub(super) fn groups(name: &str, claims: &Claims) -> Groups {
    match claims.get(name) {
        Some(Value::Array(listed)) => {
            Groups::Listed(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(Value::String(one)) => Groups::Listed(vec![one.clone()]),
        _ => {
            let elsewhere = claims.get("_claim_names").and_then(|names| names.get(name)).is_some();
            let many = claims.get("hasgroups").is_some_and(|has| has == true || has == "true");
            if elsewhere || many { Groups::TooMany } else { Groups::Untold }
        }
    }
}

fn guid(claims: &Claims, name: &str) -> Result<String, Refusal> {
    let text = claims.get(name).and_then(Value::as_str).unwrap_or_default();
    match Uuid::try_parse(text) {
        Ok(id) if id.hyphenated().to_string() == text => Ok(text.to_owned()),
        _ => Err(Refusal::new(Reason::Subject, format!("{name} is no GUID"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    const TID: &str = "8a0c3f5e-1111-4222-8333-444455556666";
    const OID: &str = "0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeffff";

    #[test]
    fn the_description_stands_below_the_issuer_with_or_without_its_slash() {
        for (issuer, at) in [
            ("https://a.example", "https://a.example/.well-known/openid-configuration"),
            ("https://a.example/o/app/", "https://a.example/o/app/.well-known/openid-configuration"),
            ("https://a.example/t/v2.0", "https://a.example/t/v2.0/.well-known/openid-configuration"),
        ] {
            assert_eq!(Issuers::of(ProviderKind::Oidc, issuer).unwrap().description().as_str(), at);
        }
    }

    #[test]
    fn an_issuer_is_compared_to_the_letter() {
        let own = Issuers::of(ProviderKind::Authentik, "https://a.example/o/app/").unwrap();
        let described = |text: &str| own.check_described(&IssuerUrl::new(text.into()).unwrap()).is_ok();
        assert!(described("https://a.example/o/app/"));
        assert!(!described("https://a.example/o/app") && !described("https://A.example/o/app/"));
    }

    #[test]
    fn a_person_of_entra_is_a_tenant_and_an_object_there() {
        let issuer = format!("https://login.example/{TID}/v2.0");
        let of = |value| subject(ProviderKind::Entra, &issuer, "pairwise", &claims(value));
        assert_eq!(of(json!({"tid": TID, "oid": OID})).unwrap().subject(), OID);
        for wrong in [
            json!({"tid": TID}),
            json!({"oid": OID}),
            json!({"tid": TID, "oid": "jane"}),
            json!({"tid": OID, "oid": OID}),
            json!({"tid": TID, "oid": OID.to_uppercase()}),
        ] {
            assert_eq!(of(wrong.clone()).unwrap_err().reason, Reason::Subject, "{wrong}");
        }
    }

    #[test]
    fn only_the_providers_own_word_verifies_an_address() {
        let proven = |kind, value| contact(kind, &claims(value)).unwrap().proven;
        let mail = |verified: Value| json!({"email": "jane@acme.example", "email_verified": verified});
        assert!(
            proven(ProviderKind::Oidc, mail(json!(true))) && proven(ProviderKind::Oidc, mail(json!("true")))
        );
        for no in [json!(false), json!("false"), json!(null), json!("yes"), json!(2)] {
            assert!(!proven(ProviderKind::Oidc, mail(no.clone())), "{no}");
        }
        // Nobody at Entra answers for this claim.
        assert!(!proven(ProviderKind::Entra, mail(json!(true))));
        assert!(proven(ProviderKind::Entra, json!({"email": "jane@acme.example", "xms_edov": 1})));
        assert!(!proven(ProviderKind::Entra, json!({"preferred_username": "jane@acme.example"})));
        assert_eq!(contact(ProviderKind::Oidc, &claims(json!({"email": "no address"}))), None);
    }

    #[test]
    fn too_many_groups_are_not_none() {
        let of = |value| groups("groups", &claims(value));
        assert_eq!(of(json!({})), Groups::Untold);
        assert_eq!(of(json!({"groups": ["a", "b"]})), Groups::Listed(vec!["a".into(), "b".into()]));
        assert_eq!(of(json!({"groups": []})), Groups::Listed(vec![]));
        assert_eq!(of(json!({"_claim_names": {"groups": "src1"}})), Groups::TooMany);
        assert_eq!(of(json!({"hasgroups": true})), Groups::TooMany);
    }
}
