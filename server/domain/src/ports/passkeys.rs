use crate::{identity::Refusal, ids::AccountId};

/// What a browser is asked about passkeys, once. Both are JSON.
#[derive(Debug, Clone)]
pub struct PasskeyQuestion {
    /// For the browser (`PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON` of Web Authentication Level 3,
    /// section 5.1).
    pub options: String,
    /// What the answer is checked against; stays here.
    pub state: String,
}

/// Who gets a passkey.
#[derive(Debug, Clone)]
pub struct PasskeyOwner {
    /// The account: what the passkey says of its owner (the user handle) is its id and nothing else.
    pub account: AccountId,
    /// What the browser shows the person to tell accounts apart.
    pub email: String,
}

/// A passkey that was made.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// Its id, in base64url.
    pub id: String,
    /// What is kept of it: JSON, with nothing secret in it.
    pub credential: String,
}

/// Which passkey answers, by its own word: nothing of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyClaim {
    /// The passkey's id, in base64url.
    pub id: String,
    /// Whose it says to be.
    pub account: Option<AccountId>,
}

/// The two conversations with passkeys (Web Authentication Level 3, section 7): one makes them, the other has them sign.
/// In both the device makes sure who holds it (user verification).
pub trait Passkeys: Send + Sync {
    /// Asks for a new passkey, which can be found without a name. A device that has one of the `known` makes none.
    fn ask_new(&self, owner: &PasskeyOwner, known: &[String]) -> Result<PasskeyQuestion, Refusal>;

    /// Checks what came back (section 7.1).
    fn made(&self, state: &str, answer: &str) -> Result<NewPasskey, Refusal>;

    /// Asks for one of the `known` passkeys; for any of this portal where none is named.
    fn ask(&self, known: &[String]) -> Result<PasskeyQuestion, Refusal>;

    /// Which passkey answers.
    fn claim(&self, answer: &str) -> Result<PasskeyClaim, Refusal>;

    /// Checks what came back against the passkey (section 7.2), and its counter, if it counts: it has to grow. Says what is
    /// kept of the passkey from now on.
    fn prove(&self, state: &str, answer: &str, credential: &str) -> Result<String, Refusal>;
}
