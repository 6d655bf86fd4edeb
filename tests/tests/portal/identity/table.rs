//! Each way in which an issuer can be broken, beside one that looks like it and is right.

mod answer;
mod claims;
mod description;
mod signature;

use innkeeper_tests::issuer::{Answer, Body, Keys, Play, Signature};
use serde_json::{Value, json};

/// What is said otherwise than by a good issuer.
pub type Change = fn(&mut Play, &Keys);

/// One way to be broken.
#[derive(Clone, Copy)]
pub struct Case {
    /// The issuer's name.
    pub name: &'static str,
    /// The reason the portal must give.
    pub reason: &'static str,
    /// What is wrong.
    pub fault: Change,
    /// What looks like it and is right.
    pub twin: Change,
    /// The claim whose form is wrong: the log names it.
    pub claim: Option<&'static str>,
}

impl Case {
    /// It is about the form of this claim.
    const fn of(self, claim: &'static str) -> Self {
        Self { claim: Some(claim), ..self }
    }
}

const fn case(name: &'static str, reason: &'static str, fault: Change, twin: Change) -> Case {
    Case { name, reason, fault, twin, claim: None }
}

/// Nothing is changed.
const AS_IS: Change = |_, _| {};

fn claim(play: &mut Play, name: &str, value: impl Into<Value>) {
    play.claims[name] = value.into();
}

fn no_claim(play: &mut Play, name: &str) {
    play.claims.as_object_mut().unwrap().remove(name);
}

fn told(play: &mut Play, name: &str, value: impl Into<Value>) {
    play.description.document()[name] = value.into();
}

fn untold(play: &mut Play, name: &str) {
    play.description.document().as_object_mut().unwrap().remove(name);
}

/// As a curve key signs it.
fn by_curve(play: &mut Play) {
    play.head = json!({ "alg": "ES256", "kid": "curve" });
    play.signature = Signature::Curve;
}

fn redirect(to: &str) -> Answer {
    Answer { status: 302, headers: vec![("Location".into(), to.into())], body: Body::Bytes(Vec::new()) }
}

/// Audiences that the portal is told to trust besides itself.
pub const TRUSTED: [&str; 2] = ["2819283@proj", "291111111111"];

const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

/// All of them.
pub fn cases() -> Vec<Case> {
    [description::CASES, answer::CASES, signature::CASES, claims::CASES].concat()
}
