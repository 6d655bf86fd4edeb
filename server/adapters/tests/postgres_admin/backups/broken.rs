use super::{ID, OTHER, Site, key, name};
use innkeeper_adapters::{
    backups::FolderBackups,
    postgres_admin::{PostgresServer, ServerAccess},
    system::OsRandom,
};
use innkeeper_domain::{
    ports::{BackupError, BackupFacts, Backups as _},
    secret::Secret,
};
use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

/// Some pieces of rows that do not compress.
const ROWS: &str = "CREATE TABLE t AS SELECT sha512(n::text::bytea) AS h FROM generate_series(1, 5000) n";

/// Why it was refused.
fn refusal(result: Result<u64, BackupError>) -> String {
    match result {
        Err(error @ BackupError::Refused { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_is_refused_by_what_is_wrong() {
    let site = Site::with(15, ROWS).await;
    let Site { server, shop, backups, .. } = &site;
    let facts = backups.take(server, &shop.name, ID, &key()).await.unwrap();
    let whole = fs::read(site.file(ID)).unwrap();
    assert!(whole.len() > 4 * 65_552, "{}", whole.len());
    let read = async |file: &[u8], facts: &BackupFacts| {
        fs::write(site.file(ID), file).unwrap();
        refusal(backups.read_back(ID, &shop.name, &key(), facts).await)
    };

    let short = &whole[..whole.len() - 1];
    let said = read(short, &facts).await;
    assert!(said.contains(&format!("has {} bytes instead of {}", short.len(), whole.len())), "{said}");
    // As if the facts had been changed along.
    let said = read(short, &BackupFacts { bytes: short.len() as u64, ..facts }).await;
    assert!(said.contains("was changed, moved or truncated"), "{said}");
    let pieces = 36 + 2 * 65_552;
    let said = read(&whole[..pieces], &BackupFacts { bytes: pieces as u64, ..facts }).await;
    assert!(said.contains("piece 1 was changed, moved or truncated"), "{said}");

    let mut flipped = whole.clone();
    flipped[36 + 65_552 + 100] ^= 1;
    let said = read(&flipped, &facts).await;
    assert!(said.contains("piece 1 was changed"), "{said}");
    flipped[0] ^= 1;
    let said = read(&flipped, &facts).await;
    assert!(said.contains("does not begin as a backup"), "{said}");
    let mut moved = whole.clone();
    moved[36..pieces].rotate_left(65_552);
    let said = read(&moved, &facts).await;
    assert!(said.contains("piece 0 was changed, moved"), "{said}");

    fs::write(site.file(ID), &whole).unwrap();
    fs::copy(site.file(ID), site.file(OTHER)).unwrap();
    let said = refusal(backups.read_back(OTHER, &shop.name, &key(), &facts).await);
    assert!(said.contains("belongs to another backup, tenant or key"), "{said}");
    let said = refusal(backups.read_back(ID, &name("blog_bbbbbb"), &key(), &facts).await);
    assert!(said.contains("belongs to another backup, tenant or key"), "{said}");
    let other = Secret::new("ab".repeat(32));
    let said = refusal(backups.read_back(ID, &shop.name, &other, &facts).await);
    assert!(said.contains("belongs to another backup, tenant or key"), "{said}");
    backups.remove(ID).await.unwrap();
    let said = refusal(backups.read_back(ID, &shop.name, &key(), &facts).await);
    assert!(said.contains("there is no such file"), "{said}");
    backups.read_back(OTHER, &shop.name, &key(), &facts).await.unwrap_err();
}

#[tokio::test]
async fn a_dump_that_was_cut_short_does_not_read_back() {
    let site = Site::with(15, ROWS).await;
    let Site { cluster, shop, .. } = &site;
    // A pg_dump that says it succeeded, and left the end away.
    let programs = cluster.folder.join("programs");
    fs::create_dir(&programs).unwrap();
    let script = |cut: usize| {
        let real = cluster.clients().join("pg_dump");
        let real = real.display();
        let text = format!(
            "#!/bin/sh\n[ $1 = --version ] && exec {real} --version\n{real} \"$@\" | head -c {cut}\n"
        );
        let path = programs.join("pg_dump");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let server =
        PostgresServer::new(ServerAccess { programs: Some(programs.clone()), ..cluster.access(&cluster.ca) });
    let backups =
        FolderBackups::new(&cluster.folder.join("backups"), Some(cluster.clients()), Arc::new(OsRandom))
            .unwrap();
    for cut in [0, 3, 2_000, 200_000] {
        script(cut);
        let facts = backups.take(&server, &shop.name, ID, &key()).await.unwrap();
        let said = refusal(backups.read_back(ID, &shop.name, &key(), &facts).await);
        assert!(said.contains("pg_restore: error:"), "{cut}: {said}");
    }
    script(10_000_000);
    let facts = backups.take(&server, &shop.name, ID, &key()).await.unwrap();
    backups.read_back(ID, &shop.name, &key(), &facts).await.unwrap();
}
