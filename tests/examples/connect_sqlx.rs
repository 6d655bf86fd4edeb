//! Connects with sqlx as the handoff page's Rust text does, for the browser test of the formats.
//!
//! Reads that text from standard input. It must be exactly the statements that this program makes with the same
//! URI in them, so that what the page shows is what is proven. Prints `<user>|<t or f: over TLS>`.

use sqlx::{PgPool, Row, postgres::PgConnectOptions};
use std::{error::Error, io::Read};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let uri = text
        .strip_prefix(
            "let ca = std::env::home_dir().unwrap_or_default().join(\".postgresql/root.crt\");\n\
             let options: sqlx::postgres::PgConnectOptions = \"",
        )
        .and_then(|rest| {
            rest.strip_suffix(
                "\".parse()?;\nlet pool = sqlx::PgPool::connect_with(options.ssl_root_cert(ca)).await?;",
            )
        })
        // With one of these, the text between the quotes would not be the string that Rust reads.
        .filter(|uri| !uri.contains(['"', '\\', '\n']))
        .ok_or("not the statements that are expected")?;

    let ca = std::env::home_dir().unwrap_or_default().join(".postgresql/root.crt");
    let options: PgConnectOptions = uri.parse()?;
    let pool = PgPool::connect_with(options.ssl_root_cert(ca)).await?;
    let who = sqlx::query("select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()");
    let row = who.fetch_one(&pool).await?;
    let tls = if row.try_get(1)? { "t" } else { "f" };
    #[expect(clippy::print_stdout, reason = "a program of the command line")]
    {
        println!("{}|{tls}", row.try_get::<String, _>(0)?);
    }
    Ok(())
}
