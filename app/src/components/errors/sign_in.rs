//! Signing in, and the methods of an account.

use innkeeper_service::context::field_error::SignInCode;

pub(super) fn sentence(code: &SignInCode) -> String {
    match code {
        SignInCode::CodeMissing => "Enter the six digits from the mail.".into(),
        SignInCode::CodeMalformed => "A code has six digits. Enter the six digits from the mail.".into(),
        SignInCode::CodeTooLong => "This is too long. Enter the six digits from the mail.".into(),
        SignInCode::WrongCode { tries_left: 0 } => {
            "This is not the code, and it was the last try. Send a new mail.".into()
        }
        SignInCode::WrongCode { tries_left: 1 } => {
            "This is not the code of the newest mail. 1 try is left.".into()
        }
        SignInCode::WrongCode { tries_left } => {
            format!("This is not the code of the newest mail. {tries_left} tries are left.")
        }
        SignInCode::CodesLocked => {
            "Too many wrong codes were typed for this address within a day. Use the link in the mail instead."
                .into()
        }
        SignInCode::SignsInElsewhere { label } => format!(
            "The organisation with this domain signs in by {label}: use the button above. For anything else here \
             continue once more."
        ),
        SignInCode::LastMethod => {
            "This is your last way in. Add another one before you remove it.".into()
        }
        SignInCode::OrganisationSignIn => {
            "You came in by your organisation's sign-in, which opens its databases and changes nothing of your account. \
             Sign in by another of your ways first."
                .into()
        }
        SignInCode::ClosedMethod { organisation } => format!(
            "{organisation} is closed to the way you came by. Sign in by one that opens it to change your ways in."
        ),
        SignInCode::NoAdminLeft { organisation } => format!(
            "Nobody would be left to look after {organisation}: of its admins whom no group made so, none has a way in \
             that stays open."
        ),
        SignInCode::SeveralAccounts { ids } => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            format!("several of the staff have this address: name one of them by its id: {}", ids.join(", "))
        }
    }
}
