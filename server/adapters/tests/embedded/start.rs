//! What a killed portal or server leaves behind does not keep the next one from starting.

use crate::support::{Scratch, execute, free_port, lives, signal, superuser, text, wait_for_end};
use innkeeper_adapters::embedded::{EmbeddedCluster, EmbeddedError};
use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    process::{Command, Stdio},
};

#[tokio::test]
async fn a_server_survives_its_portal_and_a_portal_its_server() {
    let mut scratch = Scratch::new("survives", "data");
    assert_eq!(EmbeddedCluster::running(&scratch.settings).await.unwrap(), None);

    // Something else has the port.
    let taken = TcpListener::bind(("127.0.0.1", scratch.settings.port)).unwrap();
    let error = scratch.try_start().await.unwrap_err();
    assert!(matches!(error, EmbeddedError::PortTaken { .. }), "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{} is taken", scratch.settings.port)), "{error}");
    assert!(error.to_string().contains("INNKEEPER_EMBEDDED_PORT"), "{error}");
    drop(taken);

    let cluster = scratch.start().await;
    let first = scratch.server().unwrap();
    let other = EmbeddedCluster::running(&scratch.settings).await.unwrap();
    assert_eq!(other.as_ref(), Some(cluster.address()), "a command beside the portal finds it");

    // A second portal on the same folder.
    let error = scratch.try_start().await.unwrap_err();
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");

    // The portal is gone, the server runs on and is adopted.
    let mut session = superuser(cluster.address()).await;
    execute(&mut session, "CREATE TABLE kept AS SELECT 'kept' AS word").await;
    drop(cluster);
    let cluster = scratch.start().await;
    assert_eq!(scratch.server(), Some(first));
    assert_eq!(text(&mut session, "SELECT word FROM kept").await, "kept", "its sessions were left alone");
    drop(cluster);

    // A setting that needs a restart.
    scratch.settings.port = free_port();
    let cluster = scratch.start().await;
    let second = scratch.server().unwrap();
    assert_ne!(second, first);
    assert_eq!(cluster.port(), scratch.settings.port);
    assert_eq!(text(&mut superuser(cluster.address()).await, "SHOW port").await, cluster.port().to_string());

    // The server is killed while a session works so hard that it does not notice.
    let mut busy = superuser(cluster.address()).await;
    let sql = "SELECT pg_backend_pid()::text";
    let backend: u32 = text(&mut busy, sql).await.parse().unwrap();
    let work = tokio::spawn(async move {
        let sum = "SELECT sum(a.g) FROM generate_series(1, 100000) a(g), generate_series(1, 100000) b(g)";
        sqlx::raw_sql(sum).execute(&mut busy).await.map(drop)
    });
    let mut watcher = superuser(cluster.address()).await;
    let active =
        "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT sum%'";
    while text(&mut watcher, active).await == "0" {}
    signal("KILL", second);
    wait_for_end(second);
    assert!(lives(backend));
    drop(cluster);
    let cluster = scratch.start().await;
    assert!(!lives(backend), "two servers would write the same files");
    assert!(work.await.unwrap().is_err());
    assert_eq!(text(&mut superuser(cluster.address()).await, "SELECT word FROM kept").await, "kept");

    let third = scratch.server().unwrap();
    cluster.stop().await.unwrap();
    assert!(!lives(third));
    assert_eq!(EmbeddedCluster::running(&scratch.settings).await.unwrap(), None);

    // The process id of a killed server has been given to a program of the same user: here to the one that asks.
    let mut sleeper = as_owner_of(&scratch, Command::new("sleep").arg("600"));
    let stale = format!("{}\n{}\n1\n{}\n", sleeper.id(), scratch.cluster().display(), scratch.settings.port);
    fs::write(scratch.cluster().join("postmaster.pid"), stale).unwrap();
    let started = scratch.try_start().await;
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    started.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_ends_is_started_again() {
    let scratch = Scratch::new("ends", "data");
    let cluster = scratch.start().await;
    let killed = scratch.server().unwrap();
    execute(&mut superuser(cluster.address()).await, "CREATE TABLE kept AS SELECT 'kept' AS word").await;
    let back = async {
        signal("KILL", killed);
        wait_for_end(killed);
        while EmbeddedCluster::running(&scratch.settings).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = cluster.keep_running() => unreachable!("it never ends"),
        () = back => {}
    }
    assert_ne!(scratch.server(), Some(killed));
    assert_eq!(text(&mut superuser(cluster.address()).await, "SELECT word FROM kept").await, "kept");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew_also_where_the_server_may_not_go() {
    // Too long for the path of a Unix socket; and below a folder that is closed to all other users.
    let long = format!("closed/{}/data", "d".repeat(100));
    let scratch = Scratch::new("half", &long);
    fs::create_dir_all(&scratch.settings.data_dir).unwrap();
    let closed = scratch.settings.data_dir.ancestors().nth(2).unwrap();
    fs::set_permissions(closed, fs::Permissions::from_mode(0o700)).unwrap();
    let root = fs::metadata(closed).unwrap().uid() == 0;

    // The portal is killed in the middle of initdb; initdb itself lives on.
    let cluster = scratch.start().await;
    assert_eq!(scratch.home().is_symlink(), root, "kept where the server's user can get");
    cluster.stop().await.unwrap();
    let (unfinished, abandoned) =
        (scratch.home().join("cluster.new-1"), scratch.home().join("cluster.new-2"));
    for folder in [&unfinished, &abandoned] {
        fs::create_dir(folder).unwrap();
        let owner = fs::metadata(scratch.cluster()).unwrap();
        chown(folder, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    fs::write(abandoned.join("PG_VERSION"), "15\n").unwrap();
    let unfinished = unfinished.canonicalize().unwrap();
    let initdb = scratch.settings.binaries.as_ref().unwrap().join("initdb");
    let mut initdb = as_owner_of(&scratch, Command::new(initdb).arg("-D").arg(&unfinished).current_dir("/"));
    fs::remove_dir_all(scratch.cluster()).unwrap();

    let cluster = scratch.start().await;
    assert!(initdb.try_wait().unwrap().is_some(), "the old initdb is over, by itself or ended");
    let left: Vec<_> =
        fs::read_dir(scratch.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("cluster.new-")), "{left:?}");
    assert_eq!(text(&mut superuser(cluster.address()).await, "SELECT 'it answers'").await, "it answers");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_of_no_use_as_binaries_is_named() {
    let mut scratch = Scratch::new("binaries", "data");
    scratch.settings.binaries = Some("/usr/share".into());
    let error = scratch.try_start().await.unwrap_err().to_string();
    assert!(error.contains("no initdb in /usr/share"), "{error}");
    assert!(!scratch.cluster().exists());
}

/// Starts a program as the user the server runs as.
fn as_owner_of(scratch: &Scratch, command: &mut Command) -> std::process::Child {
    let owner = fs::metadata(scratch.cluster()).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
