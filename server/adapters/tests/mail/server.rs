//! The mail server of `end2end/mail.mjs`, with a certificate of a CA made for it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// The password of `mail.mjs`, in percent form.
pub const PASSWORD: &str = "mail%3Ap%40ss%2Fword";

pub struct MailServer {
    smtp: u16,
    http: u16,
    folder: PathBuf,
    _process: Child,
}

impl MailServer {
    /// Starts one on free ports.
    pub async fn start(mode: &str) -> Self {
        let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../end2end");
        assert!(
            end2end.join("node_modules/smtp-server").is_dir(),
            "the mail server is not installed: run script/setup"
        );
        let folder = make_certificates();
        let mut process = Command::new("node")
            .arg(end2end.join("mail.mjs"))
            .env("MAIL_MODE", mode)
            .env("MAIL_CERT", folder.join("cert.pem"))
            .env("MAIL_KEY", folder.join("key.pem"))
            .env("MAIL_SMTP_PORT", "0")
            .env("MAIL_HTTP_PORT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node cannot be run: run script/setup");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        timeout(Duration::from_mins(1), output.read_line(&mut line)).await.expect("no ready line").unwrap();
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("ready"), "{line:?}");
        let [smtp, http] = [(); 2].map(|()| words.next().unwrap().parse().unwrap());
        Self { smtp, http, folder, _process: process }
    }

    /// A URL for this server that trusts its CA.
    pub fn url(&self, scheme: &str, host: &str, password: &str) -> String {
        let ca = self.folder.join("ca.pem");
        format!("{scheme}://portal:{password}@{host}:{}?ca={}", self.smtp, ca.display())
    }

    /// How many tries to sign in there were, and the mails that were taken.
    pub async fn seen(&self) -> (u64, Vec<Value>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        (json["signIns"].as_u64().unwrap(), json["mails"].as_array().unwrap().clone())
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// A CA, and a certificate of it for `localhost` only.
fn make_certificates() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("innkeeper-mail-server-{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".into()]).unwrap().signed_by(&key, &ca).unwrap();
    fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    folder
}
