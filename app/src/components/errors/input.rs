//! Input that cannot be used as it was typed or chosen.

use innkeeper_domain::text::LineError;
use innkeeper_service::context::field_error::{Field, InputCode};

pub(super) fn sentence(field: Field, code: &InputCode) -> String {
    match code {
        InputCode::Line(LineError::Empty) => format!("Enter {}.", asked_for(field)),
        InputCode::Line(error) => error.to_string(),
        InputCode::Email(error) => error.to_string(),
        InputCode::Slug(error) => error.to_string(),
        InputCode::DatabaseName(error) => error.to_string(),
        InputCode::Addresses(error) => error.to_string(),
        InputCode::GitHubLogin(error) => error.to_string(),
        InputCode::MailDomain(error) => error.to_string(),
        InputCode::UnknownChoice => choose(field).into(),
        InputCode::TooLong { most } if field == Field::Addresses => {
            format!("This is too long. Use {most} characters at most, one address per line.")
        }
        InputCode::TooLong { most } => format!("This is too long. Use {most} characters at most."),
        InputCode::TooMany { .. } if field == Field::Extensions => {
            "These are too many extensions. Choose each once.".into()
        }
        InputCode::TooMany { most } => format!("These are too many. Use {most} at most."),
        InputCode::FormTooLong => "This is too long. Use fewer lines.".into(),
        InputCode::LimitReached { most } => {
            let what = match field {
                Field::Passkey => "An account can have",
                _ => "An organisation can have",
            };
            format!("{what} {most} {} at most. Remove one first.", counted(field))
        }
    }
}

/// What a field asks for, with its article.
fn asked_for(field: Field) -> &'static str {
    match field {
        Field::Organisation => "the name of your organisation",
        Field::Name => "a name for it",
        Field::Reason => "a reason: it is sent to the organisation's admins",
        Field::Group => "the group as in the groups claim, or * for everybody",
        Field::Label => "a button label",
        Field::Issuer => "the issuer URL",
        Field::ClientId => "the client ID",
        Field::GroupsClaim => "the groups claim",
        Field::TrustedAudiences => "an audience",
        _ => "a text",
    }
}

/// What to choose where something else was sent.
fn choose(field: Field) -> &'static str {
    match field {
        Field::Plan => "There is no such plan here. Choose from the list.",
        Field::Region => "There is no such region here. Choose from the list.",
        Field::Extensions => "There is no such extension here. Choose from the list.",
        Field::AllowAny => "Tick the box, or leave it empty.",
        Field::Kind => "Choose a provider type.",
        Field::Group => "Choose the organisation or team.",
        Field::Role => "Choose a role.",
        _ => "This cannot be chosen here. Choose from the list.",
    }
}

/// What there may be only so many of.
fn counted(field: Field) -> &'static str {
    match field {
        Field::Passkey => "passkeys",
        Field::Domain => "e-mail domains",
        Field::Login => "GitHub organisations",
        Field::Group => "groups",
        _ => "of them",
    }
}
