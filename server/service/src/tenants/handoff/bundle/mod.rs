use super::{about, guide::Guide, proof::Proof};
use crate::{
    Error, Result, Service,
    context::{audit::Action, requester::Requester},
    tenants,
};
use innkeeper_domain::{
    connection::{Credentials, Format},
    permission::Permission,
    tenant::{PerRole, TenantRole},
};
use serde::Serialize;
use std::io::{Cursor, Write};
use time::OffsetDateTime;
use zeroize::Zeroizing;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// A file to download that holds everything needed to connect.
pub struct Bundle {
    /// Its name.
    pub file_name: String,
    /// The zip file. Holds passwords.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// The bundle of a handoff that is open in the requester's session; else [`Error::Conflict`].
pub async fn bundle(service: &Service, requester: &Requester, name: &str) -> Result<Bundle> {
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::HandoffView, name).await?;
    let proof = Proof::make(&mut tx, &tenant, requester).await?.ok_or(Error::Conflict)?;
    let credentials = proof.credentials(service, &mut tx, &tenant).await?;
    let server = tenant.server.and_then(|id| service.servers.get(id));
    let server =
        server.ok_or_else(|| Error::corrupt("this process does not know the server of", &tenant.name))?;
    let guide = Guide {
        tenant: &tenant,
        endpoint: &credentials.endpoint,
        public_url: &service.settings.public_url,
        support: service.settings.support.as_ref(),
        made_at: proof.now,
    };
    let bytes = pack(&credentials, &server.ca_certificate(), &guide.to_string(), proof.now)
        .map_err(|error| Error::corrupt("bundle:", error))?;
    requester
        .audit(Action::HandoffDownload)
        .of(&tenant)
        .detail(about(proof.handoff))
        .record(&mut tx, &service.ids)
        .await?;
    tx.commit().await?;
    Ok(Bundle { file_name: format!("{}.zip", tenant.name), bytes })
}

/// Packs the files, always in this order, into a folder of the tenant's name, so that unpacking them replaces no file of a
/// project. Readable by their owner only.
fn pack(
    credentials: &Credentials,
    ca: &str,
    guide: &str,
    at: OffsetDateTime,
) -> std::result::Result<Zeroizing<Vec<u8>>, ZipError> {
    // More than all files take: what is moved while it grows would stay behind in memory.
    const ROOM: usize = 128 * 1024;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(moment(at))
        .unix_permissions(0o600);
    let env =
        Zeroizing::new(format!("{}\n", &*Zeroizing::new(credentials.write(Format::Env, TenantRole::App))));
    let json = json(credentials).map_err(std::io::Error::from)?;
    let services = services(credentials);
    let files: [(&str, &[u8]); 5] = [
        ("ca.crt", ca.as_bytes()),
        (".env", env.as_bytes()),
        ("credentials.json", &json),
        ("pg_service.conf", services.as_bytes()),
        ("README.md", guide.as_bytes()),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(ROOM)));
    for (name, content) in files {
        zip.start_file(format!("{}/{name}", credentials.tenant), options)?;
        zip.write_all(content)?;
    }
    Ok(Zeroizing::new(zip.finish()?.into_inner()))
}

/// A zip's time, which has no zone, counts every second one and begins in 1980; UTC here.
fn moment(at: OffsetDateTime) -> zip::DateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            zip::DateTime::from_date_and_time(
                year,
                at.month().into(),
                at.day(),
                at.hour(),
                at.minute(),
                at.second(),
            )
            .ok()
        })
        .unwrap_or_default()
}

#[derive(Serialize)]
struct File<'a> {
    host: &'a str,
    port: u16,
    database: &'a str,
    roles: Roles<'a>,
}

#[derive(Serialize)]
struct Roles<'a> {
    owner: Role<'a>,
    app: Role<'a>,
    readonly: Role<'a>,
}

#[derive(Serialize)]
struct Role<'a> {
    user: String,
    password: &'a str,
    uri: &'a str,
}

fn json(credentials: &Credentials) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let uris = PerRole::make(|role| Zeroizing::new(credentials.uri(role)));
    let role = |role| Role {
        user: credentials.tenant.role(role),
        password: credentials.passwords.of(role).expose(),
        uri: uris.of(role),
    };
    let file = File {
        host: &credentials.endpoint.host,
        port: credentials.endpoint.port,
        database: credentials.tenant.as_str(),
        roles: Roles {
            owner: role(TenantRole::Owner),
            app: role(TenantRole::App),
            readonly: role(TenantRole::ReadOnly),
        },
    };
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    serde_json::to_writer_pretty(&mut *text, &file)?;
    text.push(b'\n');
    Ok(text)
}

/// A connection service file (PostgreSQL, chapter 34.17): the application under the tenant's own name.
fn services(credentials: &Credentials) -> Zeroizing<String> {
    let tenant = &credentials.tenant;
    let (host, port) = (&credentials.endpoint.host, credentials.endpoint.port);
    let mut text = Zeroizing::new(String::with_capacity(4096));
    for (service, role) in [
        (tenant.to_string(), TenantRole::App),
        (tenant.role(TenantRole::Owner), TenantRole::Owner),
        (tenant.role(TenantRole::ReadOnly), TenantRole::ReadOnly),
    ] {
        let (user, password) = (tenant.role(role), credentials.passwords.of(role).expose());
        let lines = Zeroizing::new(format!(
            "[{service}]\nhost={host}\nport={port}\ndbname={tenant}\nuser={user}\npassword={password}\n\
             sslmode=verify-full\n\n"
        ));
        text.push_str(&lines);
    }
    text.pop();
    text
}

#[cfg(test)]
mod tests;
