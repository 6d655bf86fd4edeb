//! Whatever becomes of the portal's outputs, it serves on; and no command minds a reader that has left.

use innkeeper_tests::{Options, Person, Portal, process::signal, until};
use rustix::process::Signal;
use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, PipeReader, PipeWriter, pipe},
    process::Stdio,
    sync::mpsc,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// Starts a portal with these outputs, and waits until it answers.
async fn serve(portal: &Portal, out: impl Into<Stdio>, err: impl Into<Stdio>) -> Child {
    let mut command = portal.command(&["serve"]);
    let child = command.stdout(out).stderr(err).spawn().unwrap();
    answers(portal, child).await
}

async fn answers(portal: &Portal, mut child: Child) -> Child {
    let somebody = Person::new(portal, "nobody@acme.example");
    until(120, "an answer", async || {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "the portal ended: {ended:?}");
        let answer = somebody.try_ask(reqwest::Method::GET, "/health", &[], None).await.ok()?;
        (answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(somebody.get("/sign-up").await.status, 200);
    child
}

async fn end(mut child: Child) {
    signal(child.id().unwrap().cast_signed(), Signal::TERM);
    let status = timeout(Duration::from_secs(30), child.wait()).await.expect("the portal ends").unwrap();
    assert!(status.success(), "{status}");
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn without_reader() -> PipeWriter {
    pipe().unwrap().1
}

#[tokio::test]
async fn lost_outputs_end_no_portal() {
    let portal = Portal::prepare(&Options::default());
    end(serve(&portal, Stdio::null(), full()).await).await;
    end(serve(&portal, full(), full()).await).await;
    end(serve(&portal, without_reader(), without_reader()).await).await;
    let mut closed = by_shell(&portal, "exec \"$0\" serve >&- 2>&-");
    end(answers(&portal, closed.spawn().unwrap()).await).await;
    // A file that may not grow any more; the limit is in blocks of 512 bytes.
    let log = File::create(portal.folder().join("long.log")).unwrap();
    log.set_len(512 * 40_000).unwrap();
    let mut limited = by_shell(&portal, "ulimit -f 40000 && exec \"$0\" serve >>long.log 2>&1");
    end(answers(&portal, limited.spawn().unwrap()).await).await;
}

/// The portal's program, `$0` in this script.
fn by_shell(portal: &Portal, script: &str) -> Command {
    let serve = portal.command(&["serve"]);
    let serve = serve.as_std();
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(serve.get_program()).kill_on_drop(true);
    command.current_dir(portal.folder()).env_clear();
    command.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[tokio::test]
async fn lines_are_dropped_while_nobody_reads_and_appear_again_when_somebody_does() {
    let portal = Portal::prepare(&Options::default());
    let (reader, writer) = pipe().unwrap();
    let child = serve(&portal, Stdio::null(), writer).await;
    let somebody = Person::new(&portal, "nobody@acme.example");
    // Nobody reads: the pipe holds 64 KiB, and these lines are longer by far.
    let long = "a".repeat(2000);
    for _ in 0..100 {
        assert_eq!(somebody.get(&format!("/{long}")).await.status, 404);
    }
    let lines = read(reader);
    let mut tries = 0;
    until(30, "a line of the log", async || {
        tries += 1;
        assert_eq!(somebody.get(&format!("/again-{tries}")).await.status, 404);
        lines.try_iter().find(|line| line.contains("/again-"))
    })
    .await;
    println!("output: a line appeared again with request {tries}");
    end(child).await;
}

/// All lines from now on, read by a thread.
fn read(reader: PipeReader) -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[tokio::test]
async fn no_command_minds_a_reader_that_has_left() {
    let portal = Portal::prepare(&Options::default());
    let commands: [&[&str]; 8] = [
        &["--help"],
        &["--version"],
        &["serve", "--help"],
        &["nonsense"],
        &["config", "check"],
        &["doctor"],
        &["doctor", "--json"],
        &["run", "stuck"],
    ];
    for arguments in commands {
        let usual = portal.command(arguments).output().await.unwrap().status.code();
        for full_disk in [false, true] {
            let mut command = portal.command(arguments);
            if full_disk {
                command.stdout(full()).stderr(full());
            } else {
                command.stdout(without_reader()).stderr(without_reader());
            }
            let status = timeout(Duration::from_secs(60), command.status()).await.unwrap().unwrap();
            assert_eq!(status.code(), usual, "{arguments:?}, full: {full_disk}");
        }
    }
}
