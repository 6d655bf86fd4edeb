use super::*;
use crate::system::{OsRandom, SystemClock};
use innkeeper_domain::{email::EmailAddress, mail::Message, ports::Random};
use std::{collections::HashSet, env, path::PathBuf, sync::atomic::AtomicI64, sync::atomic::Ordering};
use time::Duration;

/// A clock that goes on by a second each time it is asked.
#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_763_694_900 + self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let mut name = [0; 8];
        OsRandom.fill(&mut name);
        Self(env::temp_dir().join(format!("innkeeper-mailbox-{}", hex::encode(name))))
    }

    fn mailbox(&self) -> Mailbox {
        let address = EmailAddress::parse("portal@example.com").unwrap();
        let sender = Sender { name: "Innkeeper".into(), address };
        Mailbox::new(&self.0, sender, Arc::new(Ticks::default())).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn mail(number: usize) -> OutgoingMail {
    let to = EmailAddress::parse("jane@acme.example").unwrap();
    let link = "https://portal.example.com/verify?token=a-b_c".into();
    let message = Message::SignIn { link, code: format!("{number:06}"), known: number.is_multiple_of(2) };
    OutgoingMail { message_id: format!("ml_{number}@portal.example.com"), to, message }
}

#[tokio::test]
async fn a_mail_is_a_file_for_its_owner_and_can_be_read() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    mailbox.send(&mail(42)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let [file] = &folder.files()[..] else { panic!("not one file") };
    assert_eq!((mode(&folder.0), mode(&folder.0.join(file))), (0o700, 0o600));
    assert!(file.starts_with("20251121T031500.000000Z-"), "{file}");
    assert_eq!(file.len(), "20251121T031500.000000Z-0123456789abcdef.eml".len());
    let read = mailbox.read(file).unwrap();
    assert_eq!((&*read.to, &*read.subject), ("jane@acme.example", "Your sign-in link"));
    assert!(read.text.contains("\n000042\n") && read.html.unwrap().contains("000042"));
    assert_eq!(read.raw, fs::read_to_string(folder.0.join(file)).unwrap());
}

#[tokio::test]
async fn the_newest_come_first_within_the_limit() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    for number in 0..5 {
        mailbox.send(&mail(number)).await.unwrap();
    }
    let list = mailbox.list(3);
    let code = |entry: &MailboxEntry| mailbox.read(&entry.file).unwrap().text.contains("\n000004\n");
    assert_eq!(list.iter().map(code).collect::<Vec<_>>(), [true, false, false]);
    assert!(list.is_sorted_by(|a, b| a.at > b.at));
    assert_eq!(list[0].at, OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_763_694_904));
    assert_eq!(
        (&*list[0].to, &*list[1].subject),
        ("jane@acme.example", "Verify your e-mail address for Innkeeper")
    );
    assert_eq!(mailbox.list(100).len(), 5);
}

#[tokio::test]
async fn a_mail_sent_often_is_one_file() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    let tries = (0..40).map(|n| {
        let mailbox = mailbox.clone();
        tokio::spawn(async move { mailbox.send(&mail(n % 2)).await })
    });
    for sent in tries.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
    // Also after a restart.
    folder.mailbox().send(&mail(1)).await.unwrap();
    assert_eq!(folder.files().len(), 2);
}

#[tokio::test]
async fn names_that_the_mailbox_does_not_give_are_refused() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    mailbox.send(&mail(1)).await.unwrap();
    let file = folder.files().remove(0);
    let outside = folder.0.with_extension("eml");
    fs::copy(folder.0.join(&file), &outside).unwrap();
    fs::copy(folder.0.join(&file), folder.0.join("note.eml")).unwrap();
    let up = outside.file_name().unwrap().to_str().unwrap();
    let (stamp, hash) = file.split_once('-').unwrap();
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("../{up}"),
        outside.to_str().unwrap().into(),
        "note.eml".into(),
        format!("./{file}"),
        format!("x/../{file}"),
        format!("{file}\0"),
        format!(" {file}"),
        file.replace(".eml", ""),
        file.to_uppercase(),
        format!("{stamp}-../{hash}"),
        format!("{stamp}-0000000000000000.eml"),
        format!("+{file}"),
    ] {
        assert!(mailbox.read(&bad).is_none(), "{bad:?}");
    }
    fs::remove_file(outside).unwrap();
    assert!(mailbox.read(&file).is_some());
    assert_eq!(mailbox.list(10).len(), 1, "foreign files are not listed");
}

#[test]
fn what_was_half_written_is_removed_at_the_start() {
    let folder = Folder::new();
    folder.mailbox();
    fs::write(folder.0.join(".tmp-0123456789abcdef"), "Subject: half").unwrap();
    fs::write(folder.0.join("note.txt"), "kept").unwrap();
    let mailbox = folder.mailbox();
    assert_eq!(folder.files(), ["note.txt"]);
    assert!(mailbox.list(10).is_empty());
}

#[test]
fn a_file_never_shows_up_half_written() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    let mail = b"Subject: x\r\n\r\n".repeat(20_000);
    let seen = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..20 {
                mailbox.store(&format!("{n}@x"), SystemClock.now(), &mail).unwrap();
            }
        });
        let mut sizes = HashSet::new();
        while !writer.is_finished() {
            let names = folder.files().into_iter().filter(|name| !name.starts_with('.'));
            sizes.extend(names.map(|name| fs::metadata(folder.0.join(name)).unwrap().len()));
        }
        writer.join().unwrap();
        sizes
    });
    assert!(seen.iter().all(|size| *size == mail.len() as u64), "{seen:?}");
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let folder = Folder::new();
    let mailbox = folder.mailbox();
    let at = |n: i64| OffsetDateTime::UNIX_EPOCH + Duration::seconds(n);
    for n in 0..5_000 {
        let name = FileName::new(at(n), &n.to_string());
        fs::write(folder.0.join(name.to_string()), "Subject: x\r\n\r\n").unwrap();
    }
    mailbox.store("new@x", at(6_000), b"Subject: new\r\n\r\n").unwrap();
    let names = mailbox.names().unwrap();
    assert_eq!((names.len(), names[0].at, names[4_999].at), (5_000, at(6_000), at(1)));
}
