//! The managed block of `pg_hba.conf`, by SQL alone, so that a server needs no agent.

use super::{
    connection::{Admin, within},
    failure::Failure,
    quote,
};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use innkeeper_domain::{
    backoff::Backoff,
    hba::{find_block, replace_block},
    ports::{RulesSession, ServerError},
};
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::Instant;

const DOING: &str = "writing the access rules";
/// How long a writer's session may do nothing.
const IDLE: &str = "30s";
/// Longest wait for the server to have read the file.
const RELOAD: Duration = Duration::from_secs(10);
/// First and longest pause between two looks whether it has.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));

/// The file as it is on the server's disk.
#[derive(sqlx::FromRow)]
struct File {
    path: String,
    content: Vec<u8>,
    /// The server surely read this very content. The file's time has whole seconds, so within the second after a
    /// change this is unknown, which counts as no.
    is_loaded: bool,
}

impl File {
    async fn read(admin: &mut Admin) -> Result<Self, Failure> {
        let query = sqlx::query_as(
            "SELECT path, pg_read_binary_file(path) AS content,
                    pg_conf_load_time() >= (pg_stat_file(path)).modification + interval '1 second' AS is_loaded
             FROM current_setting('hba_file') AS path",
        );
        within("reading the access rules", query.fetch_one(admin.raw())).await
    }

    /// One character for each byte. An operator's comments may be in any encoding and have to stay as they are.
    fn text(&self) -> String {
        self.content.iter().map(|byte| char::from(*byte)).collect()
    }

    /// Replaces the file in one instant: readers see the old or the new one, also after a crash. A file that an
    /// earlier crash left half-written is removed first, and one that is cut off, since the session that sent it was
    /// killed, stays aside. Mode, owner and a symbolic link stay.
    async fn replace(&self, admin: &mut Admin, content: &[u8]) -> Result<(), Failure> {
        let path = quote::shell_word(&self.path);
        let command = format!(
            "f={path}; if [ -L \"$f\" ]; then f=$(readlink -f -- \"$f\"); fi; t=\"$f.innkeeper.tmp\"; \
             rm -f -- \"$t\" && cp -p -- \"$f\" \"$t\" && base64 -d > \"$t\" && [ $(wc -c < \"$t\") -eq {} ] \
             && sync \"$t\" && mv -f -- \"$t\" \"$f\" && sync \"${{f%/*}}\"",
            content.len()
        );
        // Base64 has no character that COPY would escape.
        let lines = quote::literal(&STANDARD.encode(content));
        admin.run(DOING, format!("COPY (SELECT {lines}) TO PROGRAM {}", quote::literal(&command))).await
    }
}

/// The block as it stands in the file.
pub(super) async fn read(options: &PgConnectOptions) -> Result<Option<String>, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let file = File::read(&mut admin).await?;
    admin.close().await;
    Ok(find_block(&file.text()).map(str::to_owned))
}

/// The session that writes, under the lock of all writers. A portal that stops in the middle must not hold up the
/// others: its idle session ends, and with it what it could still have written.
pub(super) struct Writer {
    options: PgConnectOptions,
    admin: Admin,
}

impl Writer {
    pub(super) async fn lock(options: &PgConnectOptions) -> Result<Self, Failure> {
        let ends = options.clone().options([("idle_session_timeout", IDLE)]);
        let admin = Admin::open_locked(&ends, None, "server rules").await?;
        Ok(Self { options: options.clone(), admin })
    }
}

#[async_trait]
impl RulesSession for Writer {
    async fn write(self: Box<Self>, block: &str) -> Result<(), ServerError> {
        Ok(write(self.admin, &self.options, block).await?)
    }
}

/// Puts the block on top of the file, in force when this returns; on any error the file is as before.
async fn write(mut admin: Admin, options: &PgConnectOptions, block: &str) -> Result<(), Failure> {
    if !block.is_ascii() || find_block(block) != Some(block) {
        return Err(Failure::refused(DOING, "this is not one whole block of plain names and addresses"));
    }
    let file = File::read(&mut admin).await?;
    let wanted: Vec<u8> = replace_block(&file.text(), block).chars().map(as_byte).collect();
    if wanted == file.content && file.is_loaded {
        check(&mut admin).await?;
    } else if let Err(failure) = put(&mut admin, options, &file, &wanted).await {
        return Err(if wanted == file.content {
            failure
        } else {
            put_back(admin, options, (&file, &wanted), failure).await
        });
    }
    admin.close().await;
    Ok(())
}

/// The way back of [`File::text`]; the block is ASCII, so no other character can have come in.
fn as_byte(c: char) -> u8 {
    u8::try_from(c).unwrap_or(b'?')
}

async fn put(
    admin: &mut Admin,
    options: &PgConnectOptions,
    file: &File,
    wanted: &[u8],
) -> Result<(), Failure> {
    if wanted != file.content {
        file.replace(admin, wanted).await?;
    }
    check(admin).await?;
    reload(admin, options).await
}

/// Undoes a failed write. The session that wrote is tried first, since the new rules may let in no other; it may
/// also be what failed.
async fn put_back(
    mut admin: Admin,
    options: &PgConnectOptions,
    (file, wanted): (&File, &[u8]),
    failure: Failure,
) -> Failure {
    if restore(&mut admin, file).await.is_ok() {
        return failure;
    }
    let again = async {
        // Under the lock again: another writer may have come, and its file is not to be replaced.
        let mut admin = Admin::open_locked(options, None, "server rules").await?;
        if File::read(&mut admin).await?.content == wanted {
            restore(&mut admin, file).await?;
        }
        Ok(())
    };
    match again.await {
        Ok(()) => failure,
        Err(second) => failure.followed_by("the file could not be put back", &second),
    }
}

/// The former file and, since the new rules may have come in by a reload, another reload.
async fn restore(admin: &mut Admin, file: &File) -> Result<(), Failure> {
    file.replace(admin, &file.content).await?;
    admin.run(DOING, "SELECT pg_reload_conf()".into()).await
}

/// Asks the server to parse the file on its disk.
async fn check(admin: &mut Admin) -> Result<(), Failure> {
    let query = sqlx::query_as(
        "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL ORDER BY line_number LIMIT 1",
    );
    let wrong: Option<(i32, String)> = within(DOING, query.fetch_optional(admin.raw())).await?;
    match wrong {
        None => Ok(()),
        Some((line, error)) => Err(Failure::refused(DOING, format!("line {line}: {error}"))),
    }
}

/// Reloads, and waits until new sessions come in under the new rules: the postmaster notes the time, reads the
/// file, and only then forks again, so a fresh session that has a later time has the new rules, too.
async fn reload(admin: &mut Admin, options: &PgConnectOptions) -> Result<(), Failure> {
    let query = sqlx::query_scalar("SELECT clock_timestamp()");
    let before: OffsetDateTime = within(DOING, query.fetch_one(admin.raw())).await?;
    admin.run(DOING, "SELECT pg_reload_conf()".into()).await?;
    let end = Instant::now() + RELOAD;
    let mut backoff = PAUSES;
    while !is_loaded_since(options, before).await? {
        if Instant::now() > end {
            return Err(Failure::later(DOING, format!("not in force after {} s", RELOAD.as_secs())));
        }
        tokio::time::sleep(backoff.pause()).await;
    }
    Ok(())
}

async fn is_loaded_since(options: &PgConnectOptions, before: OffsetDateTime) -> Result<bool, Failure> {
    let mut fresh = Admin::open(options, None).await?;
    let query = sqlx::query_scalar("SELECT pg_conf_load_time() > $1");
    let loaded = within(DOING, query.bind(before).fetch_one(fresh.raw())).await?;
    fresh.close().await;
    Ok(loaded)
}
