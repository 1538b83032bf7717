//! A repository as plain facts: where it is, what it is called, what it needs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::ScopedJoinHandle;

use super::capability::{Backend, Obstacles};
use super::error::{GitError, io, library};
use super::program::{GitProgram, Invocation};
use super::settings::Settings;
use super::version::GitVersion;

/// Which program makes merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Git where it is new enough, else libgit2.
    #[default]
    Auto,
    /// Git only.
    Git,
    /// libgit2 only.
    Libgit2,
}

/// A repository and the place in it where the user stands. Cheap to clone, shared by threads.
#[derive(Debug, Clone)]
pub struct Repo {
    place: Arc<Place>,
    program: GitProgram,
    engine: Engine,
    backend: Backend,
}

#[derive(Debug)]
struct Place {
    common_dir: PathBuf,
    git_dir: PathBuf,
    worktree: Option<PathBuf>,
    root: PathBuf,
    bare: bool,
    settings: Settings,
    obstacles: Obstacles,
    superproject: OnceLock<Option<PathBuf>>,
}

/// Sorts before every store on disk, so that new objects stay in memory.
const MEMORY_PRIORITY: i32 = 1000;

impl Repo {
    /// Finds the repository that `start` lies in. `env` is the whole environment of the caller;
    /// nothing is read from the process, and `GIT_DIR` and its like are ignored.
    ///
    /// # Errors
    /// [`GitError::NotARepository`], [`GitError::Unsupported`], [`GitError::DubiousOwnership`],
    /// [`GitError::GitMissing`], or a failure of git.
    pub fn discover(start: &Path, env: Vec<(OsString, OsString)>) -> Result<Self, GitError> {
        let program = GitProgram::on_path(env)?;
        if !start.is_dir() {
            return Err(GitError::NotARepository { path: start.to_owned() });
        }
        // Each of them is a process, and whoever types a command waits for them.
        let (version, settings, found) = std::thread::scope(|scope| {
            let version = scope.spawn(|| GitVersion::load(&program));
            let settings = scope.spawn(|| Settings::load(&program, start));
            let found = Found::at(&program, start);
            (joined(version), joined(settings), found)
        });
        let program = program.clone().with_version(version?);
        let (found, settings) = (found?, settings?);
        let linked = found.git_dir != found.common_dir;
        let main = match linked && settings.is_true("extensions.worktreeconfig") {
            true => Some(Settings::load_main(&program, &found.common_dir)?),
            false => None,
        };
        let mut obstacles = Obstacles::found(&settings, main.as_ref(), program.version())?;
        if obstacles.objects.is_none()
            && let Err(error) = open(&found.common_dir)
        {
            obstacles.add_unopened(error, program.version())?;
        }
        let backend = obstacles.backend();
        let bare = found.bare || (linked && is_bare(&program, &found.common_dir)?);
        let main = main.as_ref().unwrap_or(&settings);
        let root = if bare { found.common_dir.clone() } else { found.main_worktree(main) };
        let Found { common_dir, git_dir, worktree, .. } = found;
        let superproject = OnceLock::new();
        let place =
            Place { common_dir, git_dir, worktree, root, bare, settings, obstacles, superproject };
        Ok(Self { place: Arc::new(place), program, engine: Engine::Auto, backend })
    }

    /// The same repository with another choice of merge engine.
    #[must_use]
    pub fn with_engine(self, engine: Engine) -> Self {
        Self { engine, ..self }
    }

    /// The same repository with another patience for locks of other processes (default 2 s).
    #[must_use]
    pub fn with_lock_wait(self, lock_wait: std::time::Duration) -> Self {
        let program = self.program.with_lock_wait(lock_wait);
        Self { program, ..self }
    }

    /// The directory shared by all worktrees: objects, refs, configuration.
    pub fn common_dir(&self) -> &Path {
        &self.place.common_dir
    }

    /// The git directory of the worktree stood in; the common directory where there is none.
    pub fn git_dir(&self) -> &Path {
        &self.place.git_dir
    }

    /// The folder of the worktree stood in, `None` in a bare repository.
    pub fn worktree(&self) -> Option<&Path> {
        self.place.worktree.as_deref()
    }

    /// The main worktree, or the directory of a bare repository: what paths of new worktrees are
    /// relative to.
    pub fn root(&self) -> &Path {
        &self.place.root
    }

    /// The folder of the outermost repository that has this one as a submodule, at any depth.
    pub fn superproject(&self) -> Option<&Path> {
        let place = &self.place;
        let outer = place.superproject.get_or_init(|| {
            let start = (!place.bare).then(|| place.root.clone());
            let above = |inside: &PathBuf| superproject_of(&self.program, inside);
            std::iter::successors(start, above).skip(1).last()
        });
        outer.as_deref()
    }

    /// What people call it: the folder's name without `.git`.
    pub fn name(&self) -> String {
        let named = |path: &Path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let stem = name.strip_suffix(".git").unwrap_or(&name);
            (!matches!(stem, "" | ".bare" | ".git")).then(|| stem.to_owned())
        };
        let root = self.root();
        named(root).or_else(|| named(root.parent()?)).unwrap_or_else(|| "repo".to_owned())
    }

    /// Whether it has no main worktree.
    pub fn is_bare(&self) -> bool {
        self.place.bare
    }

    /// The git program in use.
    pub fn program(&self) -> &GitProgram {
        &self.program
    }

    /// The choice of merge engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether files are written in a worktree by the same settings as here: conditions on the place
    /// or the branch (`includeIf`) may make a difference.
    pub(in crate::adapters) fn has_same_settings(
        &self,
        git_dir: &Path,
        worktree: &Path,
    ) -> Result<bool, GitError> {
        let there = Settings::listed(self.git_in("config", git_dir, worktree))?;
        let digest = |settings: &Settings| settings.digest(&["core.", "filter.", "attr."], &[]);
        Ok(digest(&there) == digest(self.settings()))
    }

    pub(in crate::adapters) fn settings(&self) -> &Settings {
        &self.place.settings
    }

    pub(super) fn obstacles(&self) -> &Obstacles {
        &self.place.obstacles
    }

    /// A git command on the repository as a whole.
    pub(in crate::adapters) fn git(&self, subcommand: &str) -> Invocation<'_> {
        let common_dir = self.common_dir();
        self.program.command(subcommand).git_dir(common_dir).dir(common_dir)
    }

    /// A git command in a worktree, found by its two directories and not by its `.git` file.
    pub(in crate::adapters) fn git_in(
        &self,
        subcommand: &str,
        git_dir: &Path,
        worktree: &Path,
    ) -> Invocation<'_> {
        self.program.command(subcommand).git_dir(git_dir).work_tree(worktree).dir(worktree)
    }

    /// What reads objects and refs.
    pub(super) fn backend(&self) -> Backend {
        self.backend
    }

    /// The same repository, read by another program.
    #[cfg(test)]
    pub(super) fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    /// libgit2 on objects, refs and configuration; sees no worktree and no worktree's HEAD.
    pub(super) fn objects(&self) -> Result<git2::Repository, GitError> {
        open(self.common_dir())
    }

    /// The same, where new objects stay in memory and go with it.
    pub(super) fn objects_in_memory(&self) -> Result<git2::Repository, GitError> {
        let git = self.objects()?;
        let added =
            git.odb().and_then(|odb| odb.add_new_mempack_backend(MEMORY_PRIORITY).map(drop));
        added.map_err(library("open an object store in memory"))?;
        Ok(git)
    }

    /// libgit2 with the HEAD of the worktree stood in.
    pub(super) fn standing(&self) -> Result<git2::Repository, GitError> {
        git2::Repository::open(self.git_dir()).map_err(library("open the repository"))
    }
}

fn open(common_dir: &Path) -> Result<git2::Repository, GitError> {
    // `open_bare` would not read where a shallow history ends.
    let flags = git2::RepositoryOpenFlags::NO_SEARCH
        | git2::RepositoryOpenFlags::BARE
        | git2::RepositoryOpenFlags::NO_DOTGIT;
    let above: [&std::ffi::OsStr; 0] = [];
    git2::Repository::open_ext(common_dir, flags, above).map_err(library("open the repository"))
}

/// What `git rev-parse` says about a folder.
struct Found {
    bare: bool,
    common_dir: PathBuf,
    git_dir: PathBuf,
    worktree: Option<PathBuf>,
}

impl Found {
    fn at(program: &GitProgram, start: &Path) -> Result<Self, GitError> {
        let questions = ["--is-bare-repository", "--path-format=absolute", "--git-dir"];
        let command = program.command("rev-parse").dir(start).args(questions);
        // Outside a worktree the last question fails after the others were answered.
        let command = command.args(["--git-common-dir", "--show-toplevel"]);
        let words = command.shown();
        let answer = command.answer()?;
        let text = String::from_utf8(answer.stdout)
            .map_err(|_| unsupported_path("is not UTF-8", start))?;
        let lines: Vec<&str> = text.lines().collect();
        let (bare, git_dir, common_dir, worktree) = match (lines.as_slice(), answer.code) {
            ([bare, git_dir, common_dir], _) => (bare, git_dir, common_dir, None),
            ([bare, git_dir, common_dir, top], Some(0)) => (bare, git_dir, common_dir, Some(top)),
            (_, Some(0)) => return Err(unsupported_path("has a line break", start)),
            _ => return Err(discovery_error(start, words, answer.code, answer.stderr)),
        };
        Ok(Self {
            bare: *bare == "true",
            common_dir: canonical(Path::new(common_dir)),
            git_dir: canonical(Path::new(git_dir)),
            worktree: worktree.map(|top| canonical(Path::new(top))),
        })
    }

    fn main_worktree(&self, settings: &Settings) -> PathBuf {
        if let Some(worktree) = &self.worktree
            && self.git_dir == self.common_dir
        {
            return worktree.clone();
        }
        let configured = settings.last("core.worktree").map(|path| self.common_dir.join(path));
        if let Some(path) = configured.filter(|path| path.is_dir()) {
            return canonical(&path);
        }
        let inside = self.common_dir.file_name().is_some_and(|name| name == ".git");
        let parent = self.common_dir.parent().filter(|_| inside);
        parent.unwrap_or(&self.common_dir).to_owned()
    }
}

fn joined<T>(asked: ScopedJoinHandle<'_, Result<T, GitError>>) -> Result<T, GitError> {
    let failed = || io("ask", "git".as_ref())(std::io::Error::other("a thread panicked"));
    asked.join().unwrap_or_else(|_| Err(failed()))
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn is_bare(program: &GitProgram, common_dir: &Path) -> Result<bool, GitError> {
    let command = program.command("rev-parse").dir(common_dir).git_dir(common_dir);
    Ok(command.arg("--is-bare-repository").text()? == "true")
}

/// The folder of the repository that has the one around `inside` as a submodule.
fn superproject_of(program: &GitProgram, inside: &Path) -> Option<PathBuf> {
    let command = program.command("rev-parse").dir(inside).arg("--show-superproject-working-tree");
    let answer = command.text().ok().filter(|answer| !answer.is_empty())?;
    Some(canonical(Path::new(&answer)))
}

fn unsupported_path(what: &str, path: &Path) -> GitError {
    GitError::Unsupported {
        feature: "the repository's path".to_owned(),
        why: format!("`{}` {what}", path.display()),
        way_out: "move the repository".to_owned(),
    }
}

fn discovery_error(start: &Path, words: String, code: Option<i32>, stderr: String) -> GitError {
    let between = |before: &str| {
        let rest = stderr.split_once(before)?.1;
        Some(PathBuf::from(&rest[..rest.find('\'')?]))
    };
    if let Some(path) = between("dubious ownership in repository at '") {
        GitError::DubiousOwnership { path }
    } else if stderr.contains("not a git repository") {
        GitError::NotARepository { path: start.to_owned() }
    } else if stderr.contains("extension") || stderr.contains("Expected git repo version") {
        let words: Vec<&str> = stderr.split_whitespace().filter(|word| *word != "fatal:").collect();
        let why = format!("this git says: {}", words.join(" "));
        let way_out = match stderr.contains("refstorage") {
            true => "install git 2.45 or later",
            false => "use a git that knows it, or convert the repository",
        };
        let (feature, way_out) = ("this repository's format".to_owned(), way_out.to_owned());
        GitError::Unsupported { feature, why, way_out }
    } else {
        GitError::Command { words, code, stderr }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_that_git_does_not_know_is_refused_in_one_line() {
        let stderr = "fatal: unknown repository extension found:\n\trefstorage".to_owned();
        let error = discovery_error(Path::new("/a"), "rev-parse".to_owned(), Some(128), stderr);
        assert_eq!(
            error.to_string(),
            "this repository's format is not supported: this git says: unknown repository \
             extension found: refstorage; install git 2.45 or later"
        );
    }
}
