//! A GNU jobserver: so many tokens as there are cores, in a named pipe that every build of a run may
//! read. A build takes a token for each process beyond its first, and puts it back.
//!
//! The first process of a command needs no token by the protocol, so that as many commands as run
//! side by side would come on top of the pool. Here each command [waits](Jobserver::turn) for its
//! own before it starts.
//!
//! One task owns the pool and what was taken of it. Commands that wait come before builds: what is
//! given back goes to the first of them that it is enough for. While no command runs, the pool is
//! counted anew: a build that was killed took its tokens with it. It cannot run dry for ever, since
//! what runs holds tokens that come back.

mod fifo;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use self::fifo::Fifo;

/// What a whole core counts.
const CORE: u32 = 1000;

/// A pool of tokens. The pipe goes with the last handle, if it was made here.
#[derive(Debug, Clone)]
pub struct Jobserver {
    pipe: Arc<Pipe>,
    outbox: mpsc::UnboundedSender<Message>,
}

/// The right to start a command; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    weight: u32,
    outbox: mpsc::UnboundedSender<Message>,
}

#[derive(Debug)]
struct Pipe {
    path: PathBuf,
    made: bool,
}

#[derive(Debug)]
enum Message {
    Wanted { weight: u32, turn: oneshot::Sender<Turn> },
    Over { weight: u32 },
}

impl Jobserver {
    /// Makes the pipe, closed to other users, in place of one that a killed process left, and fills
    /// it. Needs a tokio runtime.
    ///
    /// # Errors
    /// The pipe cannot be made.
    pub fn create(path: &Path, tokens: usize) -> io::Result<Self> {
        let tokens = tokens.max(1);
        let fifo = Fifo::create(path, tokens)?;
        Ok(Self::serving(fifo, path, Some(tokens)))
    }

    /// Uses the pool of somebody else in which this program itself is one command, so that one of
    /// its own commands needs no token. Needs a tokio runtime.
    ///
    /// # Errors
    /// There is no such pipe, or it may not be used.
    pub fn join(path: &Path) -> io::Result<Self> {
        Ok(Self::serving(Fifo::open(path)?, path, None))
    }

    fn serving(fifo: Fifo, path: &Path, tokens: Option<usize>) -> Self {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let pool = Pool {
            fifo,
            tokens,
            held: u32::from(tokens.is_none()),
            granted: 0,
            running: 0,
            waiting: VecDeque::new(),
            outbox: outbox.downgrade(),
        };
        tokio::spawn(pool.serve(inbox));
        let pipe = Pipe { path: path.to_owned(), made: tokens.is_some() };
        Self { pipe: Arc::new(pipe), outbox }
    }

    /// The named pipe.
    pub fn path(&self) -> &Path {
        &self.pipe.path
    }

    /// Waits until a command that keeps so many cores busy may start; the wait may be given up by
    /// dropping it. A whole token is taken for one core or more, and one for as many lighter commands
    /// as fit into a core: what mostly waits for others must not keep builds from their cores.
    pub async fn turn(&self, cores: f64) -> Option<Turn> {
        let weight = (cores.clamp(0.0, 1.0) * f64::from(CORE)).round() as u32;
        let (turn, granted) = oneshot::channel();
        self.outbox.send(Message::Wanted { weight, turn }).ok()?;
        granted.await.ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Without its owner there is no pool any more.
        let _no_pool = self.outbox.send(Message::Over { weight: self.weight });
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.made {
            // In a folder that goes as well.
            let _gone = std::fs::remove_file(&self.path);
        }
    }
}

struct Pool {
    fifo: Fifo,
    /// All there are; `None` where somebody else counts them.
    tokens: Option<usize>,
    /// Taken out for commands.
    held: u32,
    /// Weight of the commands that run.
    granted: u32,
    /// Commands that run.
    running: usize,
    waiting: VecDeque<(u32, oneshot::Sender<Turn>)>,
    outbox: mpsc::WeakUnboundedSender<Message>,
}

impl Pool {
    async fn serve(mut self, mut inbox: mpsc::UnboundedReceiver<Message>) {
        loop {
            self.grant();
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(Message::Wanted { weight, turn }) => self.waiting.push_back((weight, turn)),
                    Some(Message::Over { weight }) => {
                        self.granted -= weight;
                        self.running -= 1;
                        self.recount();
                    }
                    None => break,
                },
                // A pool that cannot be read bounds nothing: better too many than none.
                _taken_or_broken = self.fifo.take(), if !self.waiting.is_empty() => self.held += 1,
            }
        }
        self.give_back(self.own());
    }

    /// With no command there is no build that could hold a token.
    fn recount(&mut self) {
        if let Some(tokens) = self.tokens.filter(|_| self.running == 0) {
            self.held = 0;
            self.fifo.refill(tokens);
        }
    }

    /// Lets start what there are tokens for, and gives back the rest.
    fn grant(&mut self) {
        self.waiting.retain(|(_, turn)| !turn.is_closed());
        let mut still = VecDeque::new();
        for (weight, turn) in std::mem::take(&mut self.waiting) {
            let Some(outbox) = self.outbox.upgrade() else { break };
            if (self.granted + weight).div_ceil(CORE) > self.held {
                still.push_back((weight, turn));
                continue;
            }
            self.granted += weight;
            self.running += 1;
            // Given up meanwhile, it comes back as one that is over.
            let _given_up = turn.send(Turn { weight, outbox });
        }
        self.waiting = still;
        if self.waiting.is_empty() {
            self.give_back(self.granted.div_ceil(CORE).max(self.own()));
        }
    }

    /// What this program itself need not take: it is a command of the pool that it joined.
    fn own(&self) -> u32 {
        u32::from(self.tokens.is_none())
    }

    /// All but so many.
    fn give_back(&mut self, keep: u32) {
        while self.held > keep {
            self.held -= 1;
            self.fifo.give();
        }
    }
}

#[cfg(test)]
mod tests;
