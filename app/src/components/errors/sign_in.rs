//! Signing in, and the methods of an account.

use innkeeper_service::context::field_error::SignInCode;

pub(super) fn sentence(code: &SignInCode) -> String {
    match code {
        SignInCode::CodeMissing => "Enter the six digits from the e-mail.".into(),
        SignInCode::CodeMalformed => "A code has six digits. Enter the six digits from the e-mail.".into(),
        SignInCode::CodeTooLong => "This is too long. Enter the six digits from the e-mail.".into(),
        SignInCode::WrongCode { tries_left: 0 } => {
            "This code is wrong, and it was the last attempt. Send a new e-mail.".into()
        }
        SignInCode::WrongCode { tries_left: 1 } => {
            "This is not the code from the latest e-mail. 1 attempt left.".into()
        }
        SignInCode::WrongCode { tries_left } => {
            format!("This is not the code from the latest e-mail. {tries_left} attempts left.")
        }
        SignInCode::CodesLocked => {
            "Too many wrong codes were entered for this address in the last 24 hours. Use the link in the e-mail instead."
                .into()
        }
        SignInCode::SignsInElsewhere { label } => format!(
            "The organisation with this domain uses {label}: use the button above. To sign in by e-mail anyway, continue again."
        ),
        SignInCode::LastMethod => {
            "This is your only sign-in method. Add another one before you remove it.".into()
        }
        SignInCode::OrganisationSignIn => {
            "You signed in with your organisation's single sign-on, which cannot change your account. Sign in with another method first."
                .into()
        }
        SignInCode::ClosedMethod { organisation } => format!(
            "{organisation} does not allow the method you signed in with. Sign in with one it allows to change your sign-in methods."
        ),
        SignInCode::NoAdminLeft { organisation } => format!(
            "{organisation} would have no admin left: none of its admins who were not added by a group has a sign-in method that stays allowed."
        ),
        SignInCode::SeveralAccounts { ids } => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            format!("several of the staff have this address: name one of them by its id: {}", ids.join(", "))
        }
    }
}
