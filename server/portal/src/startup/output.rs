//! Standard error and standard output for a program that must not depend on who reads them.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    time::{Duration, Instant},
};

/// A pipe that can be written at all takes so much without blocking (`PIPE_BUF` of Linux).
const PIECE: usize = 4096;
/// How long a reader that does not keep up is waited for, once; until it reads again nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes each line whole or drops it, and never fails: whatever became of the disk, the terminal or the reader behind
/// it, the program goes on. Lines appear again as soon as they can be written.
pub(super) struct Lossy<W> {
    out: W,
    /// The last line stopped in its middle; the next begins on a line of its own.
    torn: bool,
    /// Nobody read the last line in time.
    stuck: bool,
}

impl<W: Write + AsFd> Lossy<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, torn: false, stuck: false }
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let wait = if self.stuck { Duration::ZERO } else { PATIENCE };
        let until = Instant::now() + wait;
        if self.torn {
            self.pieces(b"\n", until)?;
            self.torn = false;
        }
        self.pieces(line, until)?;
        self.out.flush()
    }

    fn pieces(&mut self, mut rest: &[u8], until: Instant) -> io::Result<()> {
        while !rest.is_empty() {
            self.stuck = !takes(&self.out, until)?;
            if self.stuck {
                return Err(ErrorKind::TimedOut.into());
            }
            match self.out.write(&rest[..rest.len().min(PIECE)]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.torn = !rest.is_empty();
                }
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                    if Instant::now() >= until {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether something can be written without waiting, now or before that moment.
fn takes(out: &impl AsFd, until: Instant) -> io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // A second at most.
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        // What is wrong with it, if anything, writing says.
        match poll(&mut [PollFd::new(out, PollFlags::OUT)], Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl<W: Write + AsFd> Write for Lossy<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // There is nowhere to say that nothing can be said.
        let _ = self.line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::OpenOptions,
        io::{Read as _, pipe},
    };

    #[test]
    fn what_cannot_be_written_is_no_failure() {
        let mut full = Lossy::new(OpenOptions::new().write(true).open("/dev/full").unwrap());
        full.write_all(b"one\n").unwrap();
        full.flush().unwrap();
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        Lossy::new(writer).write_all(b"one\n").unwrap();
    }

    #[test]
    fn lines_appear_again_once_somebody_reads() {
        let (mut reader, writer) = pipe().unwrap();
        let mut lossy = Lossy::new(writer);
        // Longer than any pipe: it waits for the reader once, and stops in its middle.
        lossy.write_all(&vec![b'a'; 4 << 20]).unwrap();
        let began = Instant::now();
        for _ in 0..1000 {
            lossy.write_all(b"dropped\n").unwrap();
        }
        assert!(began.elapsed() < PATIENCE, "each line was waited for");
        let mut first = vec![0; 4096];
        loop {
            // Empties the pipe: what is in it is all that was written of the long line.
            let read = reader.read(&mut first).unwrap();
            assert!(first[..read].iter().all(|byte| *byte == b'a'));
            if read < first.len() || !holds(&reader) {
                break;
            }
        }
        lossy.write_all(b"whole\n").unwrap();
        drop(lossy);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "\nwhole\n");
    }

    /// Whether there is something to read.
    fn holds(reader: &impl AsFd) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(reader, PollFlags::IN)], Some(&now)).unwrap() > 0
    }
}
