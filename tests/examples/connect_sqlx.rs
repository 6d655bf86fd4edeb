//! Connects with sqlx as the handoff page's Rust line does, for the browser test of the formats.
//!
//! Reads that line from standard input. It must be exactly the one statement that this program makes with the same
//! text in it, so that what the page shows is what is proven. Prints `<user>|<t or f: over TLS>`.

use sqlx::{PgPool, Row};
use std::{error::Error, io::Read};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    std::io::stdin().read_to_string(&mut line)?;
    let uri = line
        .strip_prefix("let pool = sqlx::PgPool::connect(\"")
        .and_then(|rest| rest.strip_suffix("\").await?;"))
        // With one of these, the text between the quotes would not be the string that Rust reads.
        .filter(|uri| !uri.contains(['"', '\\', '\n']))
        .ok_or("not the one statement that is expected")?;

    let pool = PgPool::connect(uri).await?;
    let who = sqlx::query("select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()");
    let row = who.fetch_one(&pool).await?;
    let tls = if row.try_get(1)? { "t" } else { "f" };
    #[expect(clippy::print_stdout, reason = "a program of the command line")]
    {
        println!("{}|{tls}", row.try_get::<String, _>(0)?);
    }
    Ok(())
}
