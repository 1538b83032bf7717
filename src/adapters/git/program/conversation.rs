//! A git command that stays open and answers one question after another.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::Invocation;
use crate::adapters::git::error::{GitError, io};

/// An open command. It ends when this is dropped.
#[derive(Debug)]
pub(in crate::adapters) struct Conversation {
    child: Child,
    /// `None` only while it is being ended.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    program: PathBuf,
}

impl Invocation<'_> {
    /// Starts the command and leaves it open.
    pub(in crate::adapters) fn converse(self) -> Result<Conversation, GitError> {
        let program = self.program.path.clone();
        let mut command = self.prepared();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(io("run", &program))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io("talk to", &program)(std::io::ErrorKind::BrokenPipe.into()));
        };
        let questions = Some(questions);
        Ok(Conversation { child, questions, answers: BufReader::new(answers), program })
    }
}

impl Conversation {
    /// Asks; short enough (less than a pipe holds) never to wait for answers to be read.
    pub(in crate::adapters) fn ask(&mut self, question: &[u8]) -> Result<(), GitError> {
        let Self { questions, program, .. } = self;
        let Some(pipe) = questions else {
            return Err(io("talk to", program)(std::io::ErrorKind::BrokenPipe.into()));
        };
        pipe.write_all(question).and_then(|()| pipe.flush()).map_err(io("talk to", program))
    }

    /// The next line of the answer, without its end.
    pub(in crate::adapters) fn line(&mut self) -> Result<String, GitError> {
        let mut line = Vec::new();
        let read = self.answers.read_until(b'\n', &mut line);
        read.map_err(io("listen to", &self.program))?;
        if line.pop() != Some(b'\n') {
            return Err(io("listen to", &self.program)(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// The bytes of the answer before these, which end with the end of a line.
    pub(in crate::adapters) fn until(&mut self, stop: &[u8]) -> Result<Vec<u8>, GitError> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(stop) {
            let read = self.answers.read_until(b'\n', &mut bytes);
            if read.map_err(io("listen to", &self.program))? == 0 {
                let ended = std::io::ErrorKind::UnexpectedEof.into();
                return Err(io("listen to", &self.program)(ended));
            }
        }
        bytes.truncate(bytes.len() - stop.len());
        Ok(bytes)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        drop(self.questions.take());
        // Without questions it ends by itself; its answers no longer matter.
        let _ended = self.child.wait().is_ok();
    }
}
