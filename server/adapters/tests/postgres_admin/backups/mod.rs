//! Backups of tenants: real dumps of real databases.

mod broken;
mod ended;
mod format;
mod round_trip;

use crate::cluster::{Cluster, Guest, run_sql};
use innkeeper_adapters::{backups::FolderBackups, postgres_admin::PostgresServer, system::OsRandom};
use innkeeper_domain::{
    ids::BackupId, name::TenantName, ports::TenantServer, secret::Secret, tenant::TenantRole,
};
use std::{fs, path::PathBuf, sync::Arc};
use uuid::Uuid;

const ID: BackupId = BackupId(Uuid::from_u128(7));
const OTHER: BackupId = BackupId(Uuid::from_u128(8));

fn key() -> Secret {
    Secret::new("5ec2e7".repeat(10) + "5ec2")
}

fn name(text: &str) -> TenantName {
    TenantName::parse(text).unwrap()
}

/// A server with one tenant that is closed as before its removal, and a folder for its backups.
struct Site {
    cluster: Cluster,
    server: PostgresServer,
    shop: Guest,
    backups: FolderBackups,
}

impl Site {
    /// With what the tenant's owner makes in its database.
    async fn with(major: u32, made: &str) -> Self {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let shop = Guest::new("shop_aaaaaa");
        shop.onboard(&server).await;
        let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
        run_sql(&mut owner, made).await.unwrap();
        drop(owner);
        let mut session = server.lock(&shop.name).await.unwrap();
        session.reset_limits().await.unwrap();
        session.set_login(false).await.unwrap();
        let backups =
            FolderBackups::new(&folder(&cluster), Some(cluster.clients()), Arc::new(OsRandom)).unwrap();
        Self { cluster, server, shop, backups }
    }

    /// The names of all files in the folder.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(folder(&self.cluster)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn file(&self, id: BackupId) -> PathBuf {
        folder(&self.cluster).join(format!("{id}.backup"))
    }
}

fn folder(cluster: &Cluster) -> PathBuf {
    cluster.folder.join("backups")
}
