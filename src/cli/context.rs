//! What every command has: streams, style, settings, and the repository once it is asked for.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::approval::Trust;
use super::args::Global;
use super::exit::Exit;
use super::failure::{Failure, ProblemFile};
use crate::adapters::git::Repo;
use crate::adapters::host::clock::Clock;
use crate::adapters::host::effective_cores::{CoresCache, EffectiveCores};
use crate::adapters::host::probe::measure_cores;
use crate::adapters::host::room::try_threads;
use crate::adapters::process::{Warden, own_program};
use crate::adapters::store::Store;
use crate::config::{Asked, ColorChoice, Entry, Environment, Layer, LoadRequest, Loaded, Settings};
use crate::domain::diagnostic::{LineIndex, Severity};
use crate::domain::report::{Detail, ErrorDocument, LogPaths};
use crate::engine::{Jobs, Site};
use crate::render::diagnostic::write_diagnostics;
use crate::render::{
    Style, Verbosity, error_text, hint_text, json_text, warning_text, without_commands,
};

/// Width of text that goes to no terminal.
const PLAIN_WIDTH: usize = 100;

/// The two streams and how to write to them.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) json: bool,
    pub(super) verbosity: Verbosity,
    /// Of results, on stdout.
    pub(super) out: Style,
    /// Of everything else, on stderr.
    pub(super) err: Style,
    /// stderr is a terminal that can show progress.
    pub(super) live: bool,
    /// A job of GitHub Actions, which looks for commands in all that is printed.
    pub(super) github: bool,
}

/// Everything a command is given.
pub(super) struct Context {
    pub(super) streams: Streams,
    pub(super) global: Global,
    pub(super) environment: Environment,
    pub(super) clock: Clock,
}

/// A repository with its settings.
pub(super) struct Place {
    pub(super) site: Site,
    pub(super) settings: Settings,
    /// What its own file asks for and the user has not approved.
    pub(super) unapproved: Option<Asked>,
    /// Where measurements of the machine are kept; nowhere without a home.
    pub(super) cores_cache: Option<CoresCache>,
}

/// The settings that hold.
pub(super) struct Known {
    pub(super) settings: Settings,
    pub(super) entries: Vec<Entry>,
    pub(super) trust: Trust,
}

impl Streams {
    /// For mistakes in the arguments, before anything is known.
    pub(super) fn plain_json() -> Self {
        let style = Style { color: false, width: PLAIN_WIDTH };
        Self {
            json: true,
            verbosity: Verbosity::Normal,
            out: style,
            err: style,
            live: false,
            github: false,
        }
    }

    fn new(global: &Global, environment: &Environment) -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let choice = global.color.unwrap_or(ColorChoice::Auto);
        let width = |terminal: bool, columns: Option<usize>| {
            columns.filter(|_| terminal).unwrap_or(PLAIN_WIDTH)
        };
        let out = Style {
            color: environment.wants_color(choice, stdout.is_terminal()),
            width: width(stdout.is_terminal(), terminal_width(&stdout)),
        };
        let err = Style {
            color: environment.wants_color(choice, stderr.is_terminal()),
            width: width(stderr.is_terminal(), terminal_width(&stderr)),
        };
        let dumb = environment.text("TERM") == Some("dumb") || environment.text("CI").is_some();
        let verbosity = match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let live = stderr.is_terminal() && !dumb && verbosity != Verbosity::Quiet;
        let github = environment.text("GITHUB_ACTIONS").is_some();
        Self { json: global.json, verbosity, out, err, live, github }
    }

    /// How much a report tells.
    pub(super) fn detail(&self) -> Detail {
        match self.verbosity {
            Verbosity::Verbose => Detail::Full,
            Verbosity::Normal | Verbosity::Quiet => Detail::Screen,
        }
    }

    /// Result data, unless a JSON document takes its place. A closed pipe is no failure.
    pub(super) fn result(&self, text: &str) {
        if !self.json {
            self.raw(&self.without_commands(text));
        }
    }

    /// Result data as it is, with or without `--json`.
    pub(super) fn raw(&self, text: &str) {
        let mut stdout = guarded(std::io::stdout().lock(), self.out);
        let _closed_pipe = stdout.write_all(text.as_bytes());
        if !text.is_empty() && !text.ends_with('\n') {
            let _closed_pipe = stdout.write_all(b"\n");
        }
        let _closed_pipe = stdout.flush();
    }

    /// The one document of `--json`.
    pub(super) fn document(&self, document: &impl Serialize) {
        if self.json {
            let text = json_text(document).unwrap_or_default();
            // In JSON both are the same.
            let apart = || text.replace("##[", r"#\u0023[");
            self.raw(&if self.github { apart() } else { text });
        }
    }

    /// Status for people.
    pub(super) fn note(&self, text: &str) {
        if self.verbosity != Verbosity::Quiet {
            self.err_line(text);
        }
    }

    /// A warning for people.
    pub(super) fn warn(&self, text: &str) {
        self.err_line(&warning_text(text, self.err));
    }

    /// A text for the system that runs this, as it is, where results are: on stdout, unless a JSON
    /// document takes their place.
    pub(super) fn commands(&self, text: &str) {
        match self.json {
            true => self.err_text(text),
            false => self.raw(text),
        }
    }

    /// What to do next.
    pub(super) fn hint(&self, text: &str) {
        if self.verbosity != Verbosity::Quiet {
            self.err_line(&hint_text(text, self.err));
        }
    }

    /// The answer to a question on the terminal; `None` where stdin or stderr is none.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
        if !(stdin.is_terminal() && stderr.is_terminal()) {
            return None;
        }
        let mut stderr = guarded(stderr.lock(), self.err);
        stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).ok()?;
        let mut answer = String::new();
        stdin.lock().read_line(&mut answer).ok()?;
        Some(answer)
    }

    fn err_line(&self, text: &str) {
        self.err_text(&self.without_commands(text));
    }

    fn without_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.github { without_commands(text).into() } else { text.into() }
    }

    fn err_text(&self, text: &str) {
        let mut stderr = guarded(std::io::stderr().lock(), self.err);
        let _closed_pipe = writeln!(stderr, "{}", text.trim_end_matches('\n'));
    }

    /// Source snippets on stderr.
    pub(super) fn problems(&self, file: &ProblemFile) {
        let mut text = Vec::new();
        let drawn = write_diagnostics(&mut text, &file.name, &file.text, &file.problems, self.err);
        if drawn.is_ok() && !text.is_empty() {
            self.err_line(&String::from_utf8_lossy(&text));
        }
    }

    /// Draws what is worth knowing of a file that was accepted.
    pub(super) fn tell_warnings(&self, file: &ProblemFile) {
        if self.verbosity != Verbosity::Quiet {
            self.problems(file);
        }
    }

    /// Tells a failure on stderr and, with `--json`, on stdout.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        for file in &failure.files {
            self.problems(file);
        }
        if failure.files.is_empty() {
            let hint = failure.hint.as_deref();
            self.err_line(&error_text(&failure.message, &failure.causes, hint, self.err));
        }
        self.error_document(failure);
        failure.exit
    }

    /// The one document of `--json` for a failure.
    pub(super) fn error_document(&self, failure: &Failure) {
        let document = ErrorDocument::new(failure.code, failure.sentence(), failure.hint.clone());
        let mut value = serde_json::to_value(document).unwrap_or_default();
        if !failure.files.is_empty() {
            value["problems"] = failure.files.iter().flat_map(problem_entries).collect();
        }
        self.document(&value);
    }
}

/// The problems of a file for JSON, with line and column from 1.
pub(super) fn problem_entries(file: &ProblemFile) -> Vec<serde_json::Value> {
    let lines = LineIndex::new(&file.text);
    let entry = |problem: &crate::domain::diagnostic::Diagnostic| {
        let place = problem.labels.first().map(|l| lines.place(&file.text, l.span.start));
        serde_json::json!({
            "file": file.name,
            "severity": match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "code": problem.code,
            "message": problem.message,
            "line": place.map(|(line, _)| line),
            "column": place.map(|(_, column)| column),
            "help": problem.help,
        })
    };
    file.problems.iter().map(entry).collect()
}

/// Where no colour is wanted no escape sequence passes, whoever wrote it.
fn guarded<S: anstream::stream::RawStream>(stream: S, style: Style) -> anstream::AutoStream<S> {
    let choice =
        if style.color { anstream::ColorChoice::AlwaysAnsi } else { anstream::ColorChoice::Never };
    anstream::AutoStream::new(stream, choice)
}

fn terminal_width(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

impl Context {
    /// Reads the environment; nothing else yet.
    pub(super) fn new(global: Global) -> Self {
        let environment = Environment::capture();
        let streams = Streams::new(&global, &environment);
        Self { streams, global, environment, clock: Clock::start() }
    }

    /// Refuses a `-C DIR` that is no folder.
    pub(super) fn check_directory(&self) -> Result<(), Failure> {
        match &self.global.directory {
            Some(dir) if !dir.is_dir() => {
                let message = format!("`{}` is no folder", dir.display());
                Err(Failure::usage("no_such_folder", message)
                    .hint("name one that is there; `-C` counts from the current folder"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The folder that commands work in: `-C DIR`, else the current one.
    pub(super) fn directory(&self) -> PathBuf {
        self.global.directory.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// A path of the command line, relative to [`Self::directory`].
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.directory().join(path)
    }

    fn caller(&self) -> Vec<(OsString, OsString)> {
        self.environment.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    /// The repository around [`Self::directory`].
    pub(super) fn repository(&self) -> Result<Repo, Failure> {
        try_threads().map_err(|error| {
            Failure::refused("no_threads", format!("the system gives no more threads: {error}"))
                .hint("end other programs of yours, or raise the limit (`ulimit -u`)")
        })?;
        let directory = self.directory();
        let absolute = directory.canonicalize().unwrap_or(directory);
        Ok(Repo::discover(&absolute, self.caller())?)
    }

    /// The repository with the settings that hold in it.
    pub(super) fn place(&self) -> Result<Place, Failure> {
        let repo = self.repository()?;
        let Known { settings, trust, .. } = self.settings(Some(&repo))?;
        let site = Site {
            repo,
            env: self.caller(),
            runtime_dir: self.environment.runtime_dir(),
            clock: self.clock,
            lend_identity: false,
            program: own_program(),
            warden: Warden::default(),
            jobs: Jobs::default(),
        };
        let cores_cache = self.environment.cache_home().map(|home| CoresCache::at(&home));
        Ok(Place { site, settings, unapproved: trust.unapproved, cores_cache })
    }

    /// All settings, with their origins; what the repository asks for without approval is held back.
    pub(super) fn settings(&self, repo: Option<&Repo>) -> Result<Known, Failure> {
        let root = repo.map(|repo| repo.worktree().unwrap_or(repo.root()));
        let mut loaded = self.load_settings(root)?;
        for file in &loaded.problems {
            self.streams.problems(&ProblemFile {
                name: file.name.clone(),
                text: file.text.clone(),
                problems: file.diagnostics.clone(),
            });
        }
        let trust = self.hold_back(repo, &mut loaded)?;
        let entries = loaded.entries();
        Ok(Known { settings: loaded.settings, entries, trust })
    }

    pub(super) fn load_settings(&self, root: Option<&Path>) -> Result<Loaded, Failure> {
        let given = self.global.config.as_ref().map(|path| self.path(path));
        Ok(crate::config::load(LoadRequest {
            environment: &self.environment,
            repo_root: root,
            given: given.as_deref(),
            flags: Layer { color: self.global.color, ..Layer::default() },
        })?)
    }
}

impl Place {
    /// The database, for reading; `None` when nothing was stored yet.
    pub(super) fn existing_store(&self) -> Result<Option<Store>, Failure> {
        Ok(Store::open_existing(&self.site.state_dir())?)
    }

    /// The database, made if need be.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.site.state_dir())?)
    }

    /// The cores that are really there, measured if need be; `None` where `plan.probe` is off.
    pub(super) fn effective_cores(&self, named: usize) -> Option<EffectiveCores> {
        let now = self.site.clock.now();
        self.settings.plan.probe.then(|| match &self.cores_cache {
            Some(cache) => cache.ensure(named, now),
            None => EffectiveCores { cores: measure_cores(named), samples: 1, at: now },
        })
    }

    /// Where logs lie.
    pub(super) fn logs(&self) -> LogPaths {
        LogPaths::new(self.site.logs_dir().to_string_lossy())
    }
}
