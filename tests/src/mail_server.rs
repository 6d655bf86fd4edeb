//! The operator's mail server: `end2end/mail.mjs`, with STARTTLS and a certificate of a CA made for it.

use crate::{mail::Mail, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A mail server of its own, which ends with it.
pub struct MailServer {
    smtp: u16,
    http: u16,
    ca: PathBuf,
    _process: Child,
}

impl MailServer {
    /// Starts one on free ports; its certificate is kept in this folder.
    pub async fn start(folder: &Path) -> Self {
        let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
        let [ca, certificate, key] =
            ["ca", "cert", "key"].map(|name| folder.join(format!("mail-{name}.pem")));
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let own = KeyPair::generate().unwrap();
        let signed = CertificateParams::new(["localhost".into()]).unwrap().signed_by(&own, &issuer).unwrap();
        fs::write(&ca, issuer.pem()).unwrap();
        fs::write(&certificate, signed.pem()).unwrap();
        fs::write(&key, own.serialize_pem()).unwrap();
        let mut process = Command::new("node")
            .arg(end2end.join("mail.mjs"))
            .env("MAIL_CERT", certificate)
            .env("MAIL_KEY", key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node cannot be run: run script/setup test");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        timeout(Duration::from_mins(1), output.read_line(&mut line)).await.expect("no ready line").unwrap();
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("ready"), "{line:?}: run script/setup test");
        let [smtp, http] = [(); 2].map(|()| words.next().unwrap().parse().unwrap());
        Self { smtp, http, ca, _process: process }
    }

    /// What the operator writes into the portal's configuration; the password is that of `mail.mjs`.
    pub fn url(&self) -> String {
        let ca = self.ca.display();
        format!("smtp://portal:mail%3Ap%40ss%2Fword@localhost:{}?ca={ca}", self.smtp)
    }

    /// The newest mail to an address that has this in its text.
    pub async fn wait(&self, to: &str, text: &str) -> Mail {
        until(60, &format!("a mail to {to} with {text}"), async || {
            self.all().await.into_iter().rev().find(|mail| mail.to == to && mail.text.contains(text))
        })
        .await
    }

    /// All mails it was given over TLS, in their order; the file of each is its Message-ID.
    pub async fn all(&self) -> Vec<Mail> {
        let url = format!("http://127.0.0.1:{}/", self.http);
        let answer = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
        let seen: Value = serde_json::from_slice(&answer).unwrap();
        let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let over_tls = seen["mails"].as_array().unwrap().iter().filter(|mail| mail["tls"] == true);
        let mails = over_tls.map(|mail| Mail {
            file: string(&mail["messageId"]),
            to: string(&mail["to"][0]),
            subject: string(&mail["subject"]),
            text: string(&mail["text"]),
        });
        mails.collect()
    }
}
