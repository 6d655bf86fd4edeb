use super::{
    Sender,
    render::render,
    url::{MailUrl, MailUrlError, Security},
    words::line,
};
use async_trait::async_trait;
use innkeeper_domain::{
    mail::OutgoingMail,
    ports::{Clock, MailError, Mailer},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{fmt, fs, path::Path, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long one mail may take, from the connection to the server's last word.
const DEADLINE: Duration = Duration::from_secs(30);
/// The certificate's last line; a file without it holds none.
const PEM: &str = "-----END CERTIFICATE-----";

/// Sends mails by an SMTP server, over verified TLS only. A connection for each mail.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: String,
    sender: Sender,
    clock: Arc<dyn Clock>,
    deadline: Duration,
}

impl SmtpMailer {
    /// Reads `INNKEEPER_MAIL_URL`. Nothing is connected yet.
    ///
    /// `smtp://` requires STARTTLS (port 587), `smtps://` is TLS from the start (port 465); user and password
    /// are in percent form; `?from=` replaces the sender's address; `?ca=` names a PEM file of certificates
    /// to trust besides those of the public web.
    pub fn from_url(url: &str, sender: Sender, clock: Arc<dyn Clock>) -> Result<Self, MailUrlError> {
        let url = MailUrl::parse(url)?;
        let sender = Sender { address: url.from.clone().unwrap_or(sender.address), ..sender };
        let tls = trust(&url)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*url.host)
            .port(url.port)
            .tls(match url.security {
                Security::StartTls => Tls::Required(tls),
                Security::Tls => Tls::Wrapper(tls),
            })
            .hello_name(ClientId::Domain(sender.address.domain().to_owned()))
            .timeout(Some(DEADLINE));
        if let Some((user, password)) = &url.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        let server = format!("{}:{}", url.host, url.port);
        Ok(Self { transport: builder.build(), server, sender, clock, deadline: DEADLINE })
    }

    /// Another deadline for one mail than 30 seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

/// The public roots and those of the URL.
fn trust(url: &MailUrl) -> Result<TlsParameters, MailUrlError> {
    let build = |extra| {
        let builder =
            TlsParameters::builder(url.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        match extra {
            Some(certificate) => builder.add_root_certificate(certificate),
            None => builder,
        }
        .build()
    };
    match &url.ca {
        None => Ok(build(None).expect("the public roots are compiled in and fit the compiled-in TLS")),
        Some(path) => {
            let certificate = read_certificate(path)?;
            build(Some(certificate)).map_err(|_| MailUrlError::CaContent { path: path.clone() })
        }
    }
}

fn read_certificate(path: &Path) -> Result<Certificate, MailUrlError> {
    let pem = fs::read(path).map_err(|cause| MailUrlError::CaFile { path: path.into(), cause })?;
    let content = || MailUrlError::CaContent { path: path.into() };
    if !pem.windows(PEM.len()).any(|part| part == PEM.as_bytes()) {
        return Err(content());
    }
    Certificate::from_pem(&pem).map_err(|_| content())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message =
            render(mail, &self.sender, self.clock.now()).map_err(|e| MailError::Refused(told(&e)))?;
        // The library's own deadline is for the connection only.
        match timeout(self.deadline, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&self.server, &error)),
            Err(_) => {
                let seconds = self.deadline.as_secs_f32();
                Err(MailError::Later(format!("{} did not finish within {seconds} seconds", self.server)))
            }
        }
    }
}

/// Whether another try may help.
fn judge(server: &str, error: &SmtpError) -> MailError {
    let code = error.status().map(u16::from);
    let said = format!("{server}: {}", told(error));
    match code {
        // RFC 4954, section 4: the portal was not let in. The mail waits until the URL is mended.
        Some(530 | 534 | 535 | 538) => MailError::Later(format!(
            "the sign-in was refused; check user and password in INNKEEPER_MAIL_URL. {said}"
        )),
        _ if error.is_permanent() => MailError::Refused(said),
        _ => MailError::Later(said),
    }
}

/// An error with its causes, on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    line(&text, 400)
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.server)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
