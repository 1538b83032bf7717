//! Several worktrees of one commit in one go: git's entries one after another under the repository's
//! lock, the files of all of them together.

use std::path::{Path, PathBuf};

use super::admin;
use super::delete::delete_tree;
use super::files::{Contents, Ground, adopt, file_limit, populate};
use super::lock::RepoLock;
use super::method::Method;
use super::occupied::Known;
use super::provision::{FileTimes, ProvisionError, Provisioned, WorktreeOptions};
use super::recover::write_link;
use super::submodule_fill;
use crate::adapters::git::{BranchesOutcome, GitError, Listing, Repo, io, real_path};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;
use crate::domain::run::Submodules;

/// A worktree to be made, on a new branch or on none.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// A real path, as far as it is there.
    pub(super) path: PathBuf,
    pub(super) branch: Option<String>,
    pub(super) lock_reason: Option<String>,
    pub(super) options: WorktreeOptions,
}

/// Makes all of them at the same commit. The answers stand in their order.
pub(super) fn make_all(
    repo: &Repo,
    commit: Oid,
    wanted: Vec<Wanted>,
) -> Vec<Result<Provisioned, ProvisionError>> {
    let batch = match Batch::load(repo, commit) {
        Ok(batch) => batch,
        Err(error) => return refused(error, wanted.len()),
    };
    let mut answers = Vec::new();
    let mut wanted = wanted.into_iter().peekable();
    while wanted.peek().is_some() {
        let portion: Vec<Wanted> = wanted.by_ref().take(file_limit()).collect();
        answers.extend(batch.make(portion));
    }
    answers
}

/// The same error for everybody: the first gets it as it is.
fn refused(error: GitError, count: usize) -> Vec<Result<Provisioned, ProvisionError>> {
    let again = error.repeated();
    let mut answers = vec![Err(error.into())];
    answers.extend((1..count).map(|_| Err(again.repeated().into())));
    answers.truncate(count);
    answers
}

struct Batch<'a> {
    repo: &'a Repo,
    commit: Oid,
    listing: Listing,
    method: Method,
}

/// A worktree on its way, and what is to be taken back if it does not arrive.
struct Making {
    wanted: Wanted,
    parents: Vec<PathBuf>,
    branch: bool,
    git_dir: Option<PathBuf>,
    folder: bool,
}

impl<'a> Batch<'a> {
    fn load(repo: &'a Repo, commit: Oid) -> Result<Self, GitError> {
        let listing = repo.listing(commit)?;
        let method = Method::choose(repo, &listing)?;
        Ok(Self { repo, commit, listing, method })
    }

    fn make(&self, wanted: Vec<Wanted>) -> Vec<Result<Provisioned, ProvisionError>> {
        let count = wanted.len();
        let begun = match RepoLock::acquire(self.repo).and_then(|lock| self.begin(wanted, &lock)) {
            Ok(begun) => begun,
            Err(error) => return refused(error, count),
        };
        let mut answers: Vec<Option<Result<Provisioned, ProvisionError>>> =
            (0..count).map(|_| None).collect();
        let mut going = Vec::new();
        for (at, begun) in begun.into_iter().enumerate() {
            match begun {
                Ok(making) => going.push((at, making)),
                Err(error) => answers[at] = Some(Err(error)),
            }
        }
        let by_git = self.by_git(going.iter().map(|(_, making)| making));
        let filled = match by_git {
            Some(_) => going.iter().map(|(_, making)| self.fill_by_git(making)).collect(),
            None => self.fill(going.iter().map(|(_, making)| making)),
        };
        crash_point("worktree: files written");
        for ((at, making), filled) in going.into_iter().zip(filled) {
            let answer = filled.and_then(|()| self.fill_submodules(&making));
            let answer = answer.and_then(|()| self.finish(&making, by_git.as_deref()));
            if answer.is_err() {
                // Where the lock is not to be had, a half-made worktree is still worse.
                let _lock = RepoLock::acquire(self.repo).ok();
                self.take_back(&making);
            }
            answers[at] = Some(answer.map_err(ProvisionError::from));
        }
        answers.into_iter().flatten().collect()
    }

    /// Branches, entries and empty folders.
    fn begin(
        &self,
        wanted: Vec<Wanted>,
        lock: &RepoLock,
    ) -> Result<Vec<Result<Making, ProvisionError>>, GitError> {
        let known = Known::load(self.repo)?;
        let mut begun = Vec::new();
        let mut taken: Vec<(PathBuf, Option<String>)> = Vec::new();
        for wanted in wanted {
            let key = (wanted.path.clone(), wanted.branch.clone());
            let twice = taken
                .iter()
                .any(|(path, branch)| *path == key.0 || (branch.is_some() && *branch == key.1));
            begun.push(match known.occupant(&wanted.path, wanted.branch.as_deref())? {
                Some(occupied) => Err(ProvisionError::Occupied(occupied)),
                None if twice => Err(GitError::Mismatch {
                    what: format!("the worktree at `{}`", wanted.path.display()),
                    expected: "asked for once".to_owned(),
                    found: "twice".to_owned(),
                }
                .into()),
                None => {
                    taken.push(key);
                    Ok(Making {
                        wanted,
                        parents: Vec::new(),
                        branch: false,
                        git_dir: None,
                        folder: false,
                    })
                }
            });
        }
        if !self.method.entry_by_git {
            admin::prepare(self.repo)?;
        }
        self.create_branches(&mut begun)?;
        for place in &mut begun {
            let Ok(making) = place else { continue };
            if let Err(error) = self.register(making, lock) {
                self.take_back(making);
                *place = Err(error.into());
            }
        }
        Ok(begun)
    }

    /// All branches at once; who lost one to somebody else does not keep the others from theirs.
    fn create_branches(
        &self,
        begun: &mut [Result<Making, ProvisionError>],
    ) -> Result<(), GitError> {
        loop {
            let wanted = |making: &Making| making.wanted.branch.clone();
            let names: Vec<String> = begun.iter().flatten().filter_map(wanted).collect();
            let BranchesOutcome::Taken { name } = self.repo.create_branches(&names, self.commit)?
            else {
                break;
            };
            let lost = |making: &Making| making.wanted.branch.as_deref() == Some(&*name);
            for place in begun.iter_mut().filter(|place| place.as_ref().is_ok_and(lost)) {
                *place = Err(GitError::Mismatch {
                    what: format!("the branch {name}"),
                    expected: "free".to_owned(),
                    found: "made by somebody else meanwhile".to_owned(),
                }
                .into());
            }
        }
        for making in begun.iter_mut().flatten() {
            making.branch = making.wanted.branch.is_some();
        }
        Ok(())
    }

    fn register(&self, making: &mut Making, lock: &RepoLock) -> Result<(), GitError> {
        making.parents = create_parents(&making.wanted.path)?;
        if self.method.entry_by_git {
            return self.register_by_git(making);
        }
        let git_dir = admin::register(self.repo, &making.wanted, self.commit, lock)?;
        making.git_dir = Some(git_dir.clone());
        let folder = &making.wanted.path;
        crash_point("worktree: entry made");
        std::fs::create_dir(folder).map_err(io("create", folder))?;
        making.folder = true;
        crash_point("worktree: folder made");
        write_link(folder, &git_dir)?;
        crash_point("worktree: registered");
        Ok(())
    }

    /// Git makes entry and folder.
    fn register_by_git(&self, making: &mut Making) -> Result<(), GitError> {
        let Wanted { path, branch, .. } = &making.wanted;
        let command = self.repo.git("worktree");
        let command = command.args(["add", "--no-checkout", "--lock", "--reason", admin::MAKING]);
        let made = match branch {
            Some(branch) => command.arg("--").arg(path).arg(branch),
            None => command.arg("--detach").arg("--").arg(path).arg(self.commit.to_string()),
        };
        let made = made.output();
        // Without an entry git has refused, and whatever is at the place is somebody else's.
        making.git_dir = self.repo.worktree_at(path)?.and_then(|info| info.git_dir);
        making.folder = making.git_dir.is_some();
        made?;
        making.entry().map(|_| ())
    }

    /// Why git is to write the files of these worktrees.
    fn by_git<'m>(&self, mut going: impl Iterator<Item = &'m Making>) -> Option<String> {
        if let Some(reason) = self.method.reason() {
            return Some(reason.to_owned());
        }
        let elsewhere = |making: &Making| {
            let same = making
                .entry()
                .and_then(|entry| self.repo.has_same_settings(entry, &making.wanted.path));
            !same.unwrap_or(false)
        };
        let conditional = self.repo.settings().below("includeif.").next().is_some();
        (conditional && going.any(elsewhere))
            .then(|| "the configuration is another one there (`includeIf`)".to_owned())
    }

    fn fill_by_git(&self, making: &Making) -> Result<(), GitError> {
        let (entry, path) = (making.entry()?, &making.wanted.path);
        let command = self.repo.git_in("reset", entry, path).ending_with_us();
        command.args(["--hard", "--quiet", "--no-recurse-submodules"]).output()?;
        let present = making.wanted.options.times == FileTimes::Present;
        if self.method.index_by_git || present {
            return Ok(());
        }
        adopt(&Ground::open(path.clone(), entry.to_owned())?, &self.listing)
    }

    /// The files of all of them.
    fn fill<'m>(&self, going: impl Iterator<Item = &'m Making>) -> Vec<Result<(), GitError>> {
        let going: Vec<&Making> = going.collect();
        let open =
            |making: &&Making| Ground::open(making.wanted.path.clone(), making.entry()?.to_owned());
        let mut answers: Vec<Result<(), GitError>> = Vec::new();
        let mut grounds = Vec::new();
        let mut places = Vec::new();
        for (at, ground) in going.iter().map(open).enumerate() {
            answers.push(ground.map(|ground| {
                grounds.push(ground);
                places.push(at);
            }));
        }
        let present = |making: &&Making| making.wanted.options.times == FileTimes::Present;
        let times = if going.iter().any(present) { FileTimes::Present } else { FileTimes::Past };
        let contents = Contents {
            repo: self.repo,
            listing: &self.listing,
            conversion: &self.method.files,
            times,
        };
        match populate(&contents, &grounds) {
            Ok(filled) => {
                for (at, filled) in places.into_iter().zip(filled) {
                    answers[at] = filled;
                }
            }
            Err(error) => {
                for at in places {
                    answers[at] = Err(error.repeated());
                }
            }
        }
        answers
    }

    fn fill_submodules(&self, making: &Making) -> Result<(), GitError> {
        match making.wanted.options.submodules {
            Submodules::Update if self.listing.has_submodules() => {
                submodule_fill::update(self.repo, making.entry()?, &making.wanted.path)
            }
            Submodules::Update | Submodules::Empty => Ok(()),
        }
    }

    fn finish(&self, making: &Making, by_git: Option<&str>) -> Result<Provisioned, GitError> {
        let git_dir = making.entry()?;
        let head = self.repo.head_at(git_dir)?;
        let branch = head.branch().map(str::to_owned);
        if head.tip() != Some(self.commit) || branch != making.wanted.branch {
            let shown = |tip: Option<Oid>, branch: Option<&str>| {
                let tip = tip.map_or_else(|| "no commit".to_owned(), |tip| tip.to_string());
                branch.map_or_else(|| tip.clone(), |branch| format!("{branch} at {tip}"))
            };
            return Err(GitError::Mismatch {
                what: format!("HEAD of the worktree at `{}`", making.wanted.path.display()),
                expected: shown(Some(self.commit), making.wanted.branch.as_deref()),
                found: shown(head.tip(), branch.as_deref()),
            });
        }
        admin::unlock(git_dir, making.wanted.lock_reason.as_deref())?;
        crash_point("worktree: ready");
        Ok(Provisioned {
            path: real_path(&making.wanted.path),
            git_dir: git_dir.to_owned(),
            by_git: by_git.map(str::to_owned),
        })
    }

    /// Removes whatever of a worktree was made. What fails here leaves an entry that the next
    /// attempt reports as occupied.
    fn take_back(&self, making: &Making) {
        let Making { wanted, parents, branch, git_dir, folder } = making;
        crash_point("worktree: to be taken back");
        let _folder_gone = *folder && delete_tree(&wanted.path).is_ok();
        if let Some(git_dir) = git_dir {
            let _entry_gone = delete_tree(git_dir).is_ok();
        }
        let _emptied = std::fs::remove_dir(self.repo.common_dir().join("worktrees")).is_ok();
        if let (true, Some(name)) = (branch, &wanted.branch) {
            let _deleted = self.repo.discard_branch(name, self.commit).is_ok();
        }
        remove_empty(parents);
    }
}

impl Making {
    fn entry(&self) -> Result<&Path, GitError> {
        self.git_dir.as_deref().ok_or_else(|| GitError::Mismatch {
            what: format!("the worktree at `{}`", self.wanted.path.display()),
            expected: "registered".to_owned(),
            found: "missing".to_owned(),
        })
    }
}

/// Creates the folders above `path` and names those that were not there, outermost first.
fn create_parents(path: &Path) -> Result<Vec<PathBuf>, GitError> {
    let missing = path.ancestors().skip(1).take_while(|folder| folder.symlink_metadata().is_err());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    for (at, folder) in missing.iter().enumerate() {
        if let Err(error) = std::fs::create_dir(folder)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            remove_empty(&missing[..at]);
            return Err(io("create", folder)(error));
        }
    }
    Ok(missing)
}

fn remove_empty(folders: &[PathBuf]) {
    // A folder that somebody else uses by now is not empty, and stays.
    let _removed = folders.iter().rev().map(std::fs::remove_dir).take_while(Result::is_ok).count();
}
