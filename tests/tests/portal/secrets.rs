//! No generated password stands anywhere but in the browser of the person it is for.

use innkeeper_tests::{
    Options, Person, Portal, process,
    scan::Needle,
    tenant::{ROLES, run},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

/// Looks at the arguments and environments of all processes of a portal, again and again until it is told to stop.
fn watch_processes(
    folder: &Path,
    stop: &Arc<AtomicBool>,
) -> std::thread::JoinHandle<BTreeSet<(String, Vec<u8>)>> {
    let (folder, stop) = (folder.to_owned(), stop.clone());
    std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !stop.load(Ordering::Relaxed) {
            seen.extend(process::shown_by(&folder));
            // As often as it can without taking the processors for itself.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        seen
    })
}

/// All files below a folder, at most 100 MB each.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // Temporary files and folders go while they are looked at.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.metadata().is_ok_and(|data| data.len() < 100_000_000) {
                let bytes = fs::read(entry.path()).unwrap_or_default();
                found.push((entry.path().to_string_lossy().into_owned(), bytes));
            }
        }
    }
    found
}

/// Files that stand directly in the folder for temporary files and are younger than the test.
fn temporary(since: SystemTime) -> Vec<(String, Vec<u8>)> {
    let young =
        |path: &PathBuf| fs::metadata(path).and_then(|data| data.modified()).is_ok_and(|at| at >= since);
    let entries = fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.is_file() && young(path));
    files.map(|path| (path.to_string_lossy().into_owned(), fs::read(path).unwrap_or_default())).collect()
}

/// The control database as SQL.
fn dump(portal: &Portal) -> (String, Vec<u8>) {
    let output = Command::new("/usr/lib/postgresql/15/bin/pg_dump")
        .args(["--inserts", "--username=postgres", "--dbname=innkeeper"])
        .arg(format!("--host={}", portal.data().join("postgres/run").display()))
        .arg(format!("--port={}", portal.database_port()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.windows(18).any(|part| part == b"INSERT INTO public"), "an empty dump");
    ("a dump of the control database".into(), output.stdout)
}

#[tokio::test]
async fn no_generated_password_is_left_anywhere() {
    let since = fs::metadata("/proc/self").unwrap().modified().unwrap();
    let portal = Portal::start(Options::default().set("INNKEEPER_LOG", "trace")).await;
    // PostgreSQL tells all it can as well.
    let mut sql = portal.sql("postgres").await;
    for setting in [
        "log_statement = 'all'",
        "log_min_duration_statement = 0",
        "log_parameter_max_length = -1",
        "log_error_verbosity = 'verbose'",
        "log_min_messages = 'debug1'",
        "log_connections = on",
    ] {
        run(&mut sql, &format!("alter system set {setting}")).await;
    }
    run(&mut sql, "select pg_reload_conf()").await;

    let stop = Arc::new(AtomicBool::new(false));
    let watch = watch_processes(portal.folder(), &stop);
    let mut places = Vec::new();
    let mut secrets = Vec::new();
    for at in 0..5 {
        let person = Person::new(&portal, &format!("person{at}@acme.example"));
        person.sign_up(&portal).await;
        let name = person.create(&format!("Company {at}"), "shop", &[]).await;
        places.push(dump(&portal));
        let credentials = person.reveal(&name).await;
        secrets.extend(credentials.passwords.values().cloned());
        for role in ROLES {
            credentials.connect(role).await;
        }
        places.push(dump(&portal));
        let path = format!("/t/{name}/handoff");
        if at < 4 {
            person.press(&person.form(&path, "/do/confirm").await).await;
        }
        if at == 0 {
            // New passwords are passwords as well.
            person.press(&person.form(&path, "/do/renew").await).await;
            innkeeper_tests::until(60, "new passwords", async || {
                person.open(&path).await.has_form("/do/reveal").then_some(())
            })
            .await;
            secrets.extend(person.reveal(&name).await.passwords.into_values());
        }
    }
    stop.store(true, Ordering::Relaxed);
    places.extend(watch.join().unwrap());
    places.push(dump(&portal));
    places.extend(files(portal.folder()));
    places.extend(temporary(since));
    let wanted =
        ["stdout.log", "stderr.log", "/postgres/log/", "/mailbox/", "/pg_wal/", "arguments of process"];
    for part in wanted {
        assert!(
            places.iter().any(|(name, bytes)| name.contains(part) && !bytes.is_empty()),
            "nothing of {part} was looked at"
        );
    }

    let unlike: BTreeSet<_> = secrets.iter().collect();
    assert_eq!((secrets.len(), unlike.len()), (18, 18), "each password is drawn by itself");
    let needles: Vec<_> = secrets.iter().map(|secret| Needle::new(secret)).collect();
    let sieve = innkeeper_tests::scan::Sieve::new(&needles);
    let mut bytes_read = 0;
    for (name, bytes) in &places {
        bytes_read += bytes.len();
        if let Some(form) = sieve.found_in(bytes) {
            panic!("a password stands in {name}, as {form}");
        }
    }
    println!(
        "secrets: {} passwords in 6 forms looked for in {} places, {} MB: none",
        secrets.len(),
        places.len(),
        bytes_read >> 20
    );

    // The same search finds a planted one.
    let log =
        places.iter().find(|(name, _)| name.ends_with("stdout.log")).map(|(_, bytes)| bytes.clone()).unwrap();
    let secret = &secrets[7];
    for planted in innkeeper_tests::scan::disguises(secret) {
        let mut copy = log.clone();
        let middle = copy.len() / 2;
        copy.splice(middle..middle, planted.bytes());
        assert!(sieve.found_in(&copy).is_some(), "not found: {planted}");
    }
}
