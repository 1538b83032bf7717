//! `wt-orch demo`: a throw-away repository goes through plan, split, integrate and undo, by the
//! very commands that a user would type.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::json;

use crate::adapters::git::Repo;
use crate::cli::args::DemoArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;

/// The repository's files.
const FILES: [(&str, &str); 7] = [
    ("src/greet.sh", include_str!("../../../fixtures/demo/src/greet.sh")),
    ("src/math.sh", include_str!("../../../fixtures/demo/src/math.sh")),
    ("src/main.sh", include_str!("../../../fixtures/demo/src/main.sh")),
    ("tests/run.sh", include_str!("../../../fixtures/demo/tests/run.sh")),
    ("tests/greet_test.sh", include_str!("../../../fixtures/demo/tests/greet_test.sh")),
    ("tests/math_test.sh", include_str!("../../../fixtures/demo/tests/math_test.sh")),
    ("tasks.toml", include_str!("../../../fixtures/demo/tasks.toml")),
];

/// A command of the demo, what it shows, and the exit code that shows it.
struct Scene {
    words: &'static [&'static str],
    shows: &'static str,
    exit: i32,
}

const SCENES: [Scene; 5] = [
    Scene {
        words: &["plan", "tasks.toml"],
        shows: "Does splitting pay? Nothing is created yet.",
        exit: 0,
    },
    Scene {
        words: &["split", "tasks.toml"],
        shows: "Each task has a worktree and a branch of its own; `square` starts from `multiply`.",
        exit: 0,
    },
    Scene {
        words: &["integrate"],
        shows: "What merges and passes lands. `loud` and `polite` change the same line, so one of\n\
                them is left out (exit code 3 says so).",
        exit: 3,
    },
    Scene { words: &["undo"], shows: "The branch goes back to where it was.", exit: 0 },
    Scene {
        words: &["clean", "--force"],
        shows: "Nothing is left behind. Without --force, work that has not landed would stay.",
        exit: 0,
    },
];

/// Runs it.
pub(crate) fn run(context: &Context, args: &DemoArgs) -> Result<Exit, Failure> {
    let home = tempfile::Builder::new()
        .prefix("wt-orch-demo-")
        .tempdir()
        .context("cannot make a temporary folder")?;
    let root = home.path().join("shop");
    let stage = Stage { context, root: root.clone(), program: program()? };
    stage.build()?;
    let before = stage.main()?;
    let mut played = Vec::new();
    let mut as_promised = true;
    for scene in &SCENES {
        let exit = stage.play(scene)?;
        as_promised &= exit == Some(scene.exit);
        played.push(
            json!({ "command": scene.words.join(" "), "exit": exit, "expected": scene.exit }),
        );
        if exit != Some(scene.exit) {
            context.streams.warn(&format!("expected exit code {}, got {exit:?}", scene.exit));
        }
        if scene.words[0] == "integrate" {
            as_promised &= stage.main()? != before;
        }
    }
    as_promised &= stage.main()? == before;
    if args.keep {
        let kept = home.keep();
        context.streams.note(&format!("kept: {}", kept.join("shop").display()));
    }
    context
        .streams
        .document(&json!({ "schema": SCHEMA, "scenes": played, "as_promised": as_promised }));
    if !as_promised {
        context.streams.warn("the demo did not show what it promises");
        return Ok(Exit::Failed);
    }
    context.streams.note("\nThat was all of it. `wt-orch init` writes files to start from.");
    Ok(Exit::Done)
}

struct Stage<'a> {
    context: &'a Context,
    root: PathBuf,
    program: PathBuf,
}

fn program() -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe().context("cannot find the program itself")?)
}

impl Stage<'_> {
    /// The repository with its first commit.
    fn build(&self) -> Result<(), Failure> {
        for (name, text) in FILES {
            write(&self.root.join(name), text)?;
        }
        self.git(&["init", "--quiet", "--initial-branch=main"])?;
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", "A small shop of modules with tests"])?;
        let message =
            format!("a repository with six small files and four tasks: {}", self.root.display());
        self.context.streams.note(&message);
        Ok(())
    }

    fn git(&self, words: &[&str]) -> Result<(), Failure> {
        let identity = ["-c", "user.name=Demo", "-c", "user.email=demo@localhost"];
        let status = Command::new("git")
            .args(identity)
            .args(["-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null", "-C"])
            .arg(&self.root)
            .args(words)
            .stdin(Stdio::null())
            .status()
            .context("cannot run git")?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::refused("demo_failed", format!("`git {}` failed", words.join(" "))))
    }

    fn main(&self) -> Result<Option<crate::domain::id::Oid>, Failure> {
        let env = self.context.environment.iter();
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Repo::discover(&self.root, env)?.branch_tip("main")?)
    }

    /// Says what is shown, types the command, and runs it.
    fn play(&self, scene: &Scene) -> Result<Option<i32>, Failure> {
        let streams = &self.context.streams;
        let line = format!("\n{}\n$ wt-orch {}", scene.shows, scene.words.join(" "));
        streams.note(&line);
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(&self.root).args(scene.words).stdin(Stdio::null());
        if streams.json {
            // The one document on stdout is the demo's own.
            command.stdout(Stdio::null());
        }
        let status = command.status().context("cannot run the program itself")?;
        Ok(status.code())
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}
