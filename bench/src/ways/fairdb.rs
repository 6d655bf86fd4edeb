//! The `FairDB` script's way: steps 3, 4, 5 and 10 of the `FairDB` customer onboarding workflow, plan "starter". The
//! statements, the programs and their order are the script's own, one commit a statement. `psql` is the one in the path:
//! on Debian, whose folders the script names, that is a wrapper which chooses a version.
//!
//! Left out, which makes it faster than it is: `sudo`, the firewall, and systemd, of whose reload one `kill` is left.
//! Changed: the address is this machine's, so that the script's own check can sign in; the locale is the cluster's;
//! every connection by TCP verifies TLS, as all ways do here.

use crate::{Result, server::Server};
use std::{fs::OpenOptions, io::Write as _, process::Stdio};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// Makes a customer's database.
pub async fn create(server: &Server, customer: &str) -> Result<()> {
    let database = format!("{customer}_db");
    let [owner, user, readonly] = ["owner", "user", "readonly"].map(|role| format!("{customer}_{role}"));

    // Step 3: Create Customer Database
    let (owner_pass, user_pass, readonly_pass) = (random().await?, random().await?, random().await?);
    let script = format!(
        "CREATE ROLE {owner} WITH LOGIN PASSWORD '{owner_pass}' CREATEDB CREATEROLE CONNECTION LIMIT 5;
CREATE ROLE {user} WITH LOGIN PASSWORD '{user_pass}' CONNECTION LIMIT 50;
CREATE ROLE {readonly} WITH LOGIN PASSWORD '{readonly_pass}' CONNECTION LIMIT 10;
CREATE DATABASE {database} WITH OWNER = {owner} ENCODING = 'UTF8' LC_COLLATE = 'C.UTF-8' LC_CTYPE = 'C.UTF-8'
  TEMPLATE = template0 CONNECTION LIMIT = 100;
\\c {database}
CREATE SCHEMA IF NOT EXISTS {customer} AUTHORIZATION {owner};
GRANT CONNECT ON DATABASE {database} TO {user}, {readonly};
GRANT USAGE ON SCHEMA {customer} TO {user}, {readonly};
GRANT CREATE ON SCHEMA {customer} TO {user};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {customer} GRANT ALL ON TABLES TO {user};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {customer} GRANT SELECT ON TABLES TO {readonly};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {customer} GRANT ALL ON SEQUENCES TO {user};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {customer} GRANT SELECT ON SEQUENCES TO {readonly};
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\";
CREATE EXTENSION IF NOT EXISTS citext;
"
    );
    finish(by_socket(server), &script).await?;

    // Step 4: Configure Network Access
    std::fs::copy(&server.hba_file, server.cluster.join("pg_hba.conf.bench"))?;
    let rules = [&owner, &user, &readonly]
        .map(|role| format!("hostssl {database}     {role}      127.0.0.1/32    scram-sha-256\n"));
    let mut file = OpenOptions::new().append(true).open(&server.hba_file)?;
    write!(file, "\n# Customer: {customer}\n{}", rules.concat())?;
    drop(file);
    let postmaster = std::fs::read_to_string(server.cluster.join("postmaster.pid"))?;
    let mut reload = Command::new("kill");
    reload.args(["-HUP", postmaster.lines().next().unwrap_or_default()]);
    finish(reload, "").await?;

    // Step 5: Set Resource Limits
    let script = format!(
        "ALTER DATABASE {database} CONNECTION LIMIT 50;
ALTER DATABASE {database} SET work_mem = '4MB';
ALTER DATABASE {database} SET maintenance_work_mem = '4MB';
ALTER DATABASE {database} SET effective_cache_size = '256MB';
ALTER DATABASE {database} SET random_page_cost = 1.1;
ALTER DATABASE {database} SET log_statement = 'all';
ALTER DATABASE {database} SET log_duration = on;
"
    );
    let mut psql = by_socket(server);
    psql.args(["-d", &database]);
    finish(psql, &script).await?;

    // Step 10: Final Verification
    for (role, password) in [(owner, owner_pass), (user, user_pass), (readonly, readonly_pass)] {
        let mut psql = with_psql(server);
        psql.env("PGPASSWORD", password).env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", &server.ca);
        psql.args(["-h", "localhost", "-U", &role, "-d", &database]);
        psql.args(["-c", "SELECT current_user, current_database();"]);
        finish(psql, "").await?;
    }
    Ok(())
}

async fn random() -> Result<String> {
    let mut openssl = Command::new("openssl");
    openssl.args(["rand", "-base64", "32"]);
    Ok(finish(openssl, "").await?.trim().to_owned())
}

/// psql; unlike the script's it stops at an error.
fn with_psql(server: &Server) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "-v", "ON_ERROR_STOP=1"]).env("PGPORT", server.admin.get_port().to_string());
    psql
}

fn by_socket(server: &Server) -> Command {
    let mut psql = with_psql(server);
    psql.env("PGUSER", "postgres");
    if let Some(folder) = server.admin.get_socket() {
        psql.env("PGHOST", folder);
    }
    psql
}

/// Runs a program with this input to its good end; what it has said.
async fn finish(mut command: Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        Err(format!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
    }
}
