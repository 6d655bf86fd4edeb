//! Passkeys (Web Authentication Level 3). The library speaks the protocol; what it leaves to its users is here: that a
//! passkey can be found without a name, and that an answer tells a passkey before it is checked.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use innkeeper_domain::{
    identity::{Reason, Refusal},
    ids::AccountId,
    ports::{NewPasskey, PasskeyClaim, PasskeyOwner, PasskeyQuestion, Passkeys},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

/// What browsers call the portal where they ask for a passkey.
const NAME: &str = "Innkeeper";

/// The portal as passkeys know it: by the host of its public address.
pub struct WebAuthn(Webauthn);

impl WebAuthn {
    /// At this public address. None where its host is an address: a passkey belongs to a name (Web Authentication
    /// Level 3, section 5.1.3, step 7).
    pub fn at(public_url: &Url) -> Option<Self> {
        let host = public_url.domain()?;
        WebauthnBuilder::new(host, public_url).ok()?.rp_name(NAME).build().ok().map(Self)
    }
}

impl Passkeys for WebAuthn {
    fn ask_new(&self, owner: &PasskeyOwner, known: &[String]) -> Result<PasskeyQuestion, Refusal> {
        let known: Vec<CredentialID> = known.iter().map(|id| id_of(id)).collect::<Result<_, _>>()?;
        let (asked, state) = self
            .0
            .start_passkey_registration(owner.account.0, &owner.email, &owner.email, Some(known))
            .map_err(refusal)?;
        let mut options = value(&asked.public_key)?;
        // Nobody types a name to sign in: the device has to find the passkey by itself.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok(PasskeyQuestion { options: options.to_string(), state: value(&state)?.to_string() })
    }

    fn made(&self, state: &str, answer: &str) -> Result<NewPasskey, Refusal> {
        let state: PasskeyRegistration = read(state)?;
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let passkey = self.0.finish_passkey_registration(&answer, &state).map_err(refusal)?;
        let id = BASE64.encode(passkey.cred_id());
        Ok(NewPasskey { id, credential: value(&passkey)?.to_string() })
    }

    fn ask(&self, known: &[String]) -> Result<PasskeyQuestion, Refusal> {
        // Its own wish to be asked beside an input field stays out: the options alone are taken.
        let (asked, state) = self.0.start_discoverable_authentication().map_err(refusal)?;
        let mut options = value(&asked.public_key)?;
        options["allowCredentials"] =
            known.iter().map(|id| json!({ "type": "public-key", "id": id })).collect();
        Ok(PasskeyQuestion { options: options.to_string(), state: value(&state)?.to_string() })
    }

    fn claim(&self, answer: &str) -> Result<PasskeyClaim, Refusal> {
        let answer: PublicKeyCredential = read(answer)?;
        let account = answer.get_user_unique_id().map(Uuid::from_slice).transpose();
        let account = account.map_err(|_| Refusal::new(Reason::Answer, "the user handle is no account"))?;
        Ok(PasskeyClaim { id: BASE64.encode(answer.get_credential_id()), account: account.map(AccountId) })
    }

    fn prove(&self, state: &str, answer: &str, credential: &str) -> Result<String, Refusal> {
        let state: DiscoverableAuthentication = read(state)?;
        let answer: PublicKeyCredential = read(answer)?;
        let mut passkey: Passkey = read(credential)?;
        let proven =
            self.0.finish_discoverable_authentication_v2(&answer, state, &passkey).map_err(refusal)?;
        passkey.update_credential(&proven);
        Ok(value(&passkey)?.to_string())
    }
}

fn id_of(text: &str) -> Result<CredentialID, Refusal> {
    BASE64.decode(text).map_err(|error| Refusal::new(Reason::Form, error))
}

fn value(part: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(part).map_err(|error| Refusal::new(Reason::Form, error))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| Refusal::new(Reason::Answer, error))
}

/// Why the library refuses, in the words of this portal.
fn refusal(error: WebauthnError) -> Refusal {
    let reason = match &error {
        WebauthnError::MismatchedChallenge => Reason::Nonce,
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Reason::Unverified,
        WebauthnError::CredentialPossibleCompromise => Reason::Counter,
        WebauthnError::CredentialNotFound => Reason::Unknown,
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash => Reason::Audience,
        WebauthnError::InvalidClientDataType
        | WebauthnError::ParseBase64Failure(_)
        | WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseNOMFailure
        | WebauthnError::ParseInsufficientBytesAvailable => Reason::Answer,
        _ => Reason::Signature,
    };
    Refusal::new(reason, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Option<WebAuthn> {
        WebAuthn::at(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_passkey_belongs_to_a_name() {
        assert!(at("https://db.example.com").is_some() && at("http://localhost:8080").is_some());
        assert!(at("http://127.0.0.1:8080").is_none() && at("https://[2001:db8::1]").is_none());
    }

    #[test]
    fn a_new_one_can_be_found_without_a_name_and_checks_who_holds_it() {
        let account = AccountId(Uuid::from_u128(7));
        let owner = PasskeyOwner { account, email: "jane@acme.example".into() };
        let question = at("https://db.example.com:8443").unwrap().ask_new(&owner, &["AQID".into()]).unwrap();
        let options: Value = serde_json::from_str(&question.options).unwrap();
        assert_eq!(options["rp"], json!({ "name": NAME, "id": "db.example.com" }));
        let selection = &options["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(
            (&selection["requireResidentKey"], &selection["userVerification"]),
            (&json!(true), &json!("required"))
        );
        assert_eq!(options["user"]["id"], BASE64.encode(account.0.as_bytes()));
        assert_eq!(options["excludeCredentials"][0]["id"], "AQID");
        assert_eq!(options["attestation"], "none");
    }

    #[test]
    fn a_question_names_no_passkey_unless_told_to() {
        let portal = at("https://db.example.com").unwrap();
        let options = |known: &[String]| -> Value {
            serde_json::from_str(&portal.ask(known).unwrap().options).unwrap()
        };
        let anyone = options(&[]);
        assert_eq!(
            (&anyone["allowCredentials"], &anyone["userVerification"]),
            (&json!([]), &json!("required"))
        );
        assert_eq!(anyone["rpId"], "db.example.com");
        assert_ne!(anyone["challenge"], options(&[])["challenge"]);
        assert_eq!(options(&["AQID".into()])["allowCredentials"][0]["id"], "AQID");
    }

    #[test]
    fn nonsense_is_refused() {
        let portal = at("https://db.example.com").unwrap();
        let state = portal.ask(&[]).unwrap().state;
        for nonsense in
            ["", "null", "{}", "[]", r#"{"id":"a","rawId":"?","response":{},"type":"public-key"}"#]
        {
            assert_eq!(portal.claim(nonsense).unwrap_err().reason, Reason::Answer, "{nonsense}");
            assert_eq!(portal.made(&state, nonsense).unwrap_err().reason, Reason::Answer, "{nonsense}");
            assert_eq!(
                portal.prove(&state, nonsense, "{}").unwrap_err().reason,
                Reason::Answer,
                "{nonsense}"
            );
        }
    }
}
