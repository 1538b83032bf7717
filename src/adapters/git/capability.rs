//! Which program serves what in this repository, decided from its configuration when it is found.
//!
//! libgit2 cannot open every format that git can, and where it can open one it may still write
//! files otherwise than git would. What it cannot do goes to the git program, one area at a time.

use std::fmt;

use super::error::GitError;
use super::index_form::IndexForm;
use super::path::quote_path;
use super::repo::Repo;
use super::settings::Settings;
use super::version::GitVersion;

/// Extensions of the repository format that libgit2 knows; with any other it does not open it.
const KNOWN_EXTENSIONS: [&str; 5] =
    ["noop", "objectformat", "worktreeconfig", "preciousobjects", "relativeworktrees"];

const PARTIAL: &str = "the clone is partial: git fetches what is missing";

/// What reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// libgit2, in this process.
    Libgit2,
    /// The git program.
    Git,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Libgit2 => "libgit2",
            Self::Git => "git",
        })
    }
}

/// Something that is done in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Opening it, and reading commits, trees, refs and HEAD.
    Objects,
    /// What a worktree has beyond its commit.
    Index,
    /// Writing the files of a worktree.
    Checkout,
    /// Which branches will collide.
    Forecast,
}

impl Area {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Objects => "objects and refs",
            Self::Index => "index and status",
            Self::Checkout => "writing worktrees",
            Self::Forecast => "forecasts",
        }
    }
}

/// What serves an area, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// What is done.
    pub area: Area,
    /// By which program.
    pub backend: Backend,
    /// Why, as a sentence without a full stop; `None` where nothing speaks against libgit2.
    pub reason: Option<String>,
}

/// What the configuration says against libgit2; each a sentence without a full stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Obstacles {
    /// Against reading objects and refs.
    pub(super) objects: Option<String>,
    /// Against writing a worktree.
    pub(super) checkout: Option<String>,
}

impl Obstacles {
    /// `main` holds the settings of the main worktree where they differ from those stood in.
    ///
    /// # Errors
    /// [`GitError::Unsupported`] when the repository needs the git program for everything, and
    /// that is too old.
    pub(super) fn found(
        settings: &Settings,
        main: Option<&Settings>,
        version: GitVersion,
    ) -> Result<Self, GitError> {
        let merges = version.at_least(2, 38);
        let format = format_obstacle(settings);
        if let Some(format) = format.as_ref().filter(|_| !merges) {
            return Err(GitError::Unsupported {
                feature: format.feature.clone(),
                why: format!(
                    "libgit2 does not know it, and git {version} has no `merge-tree --write-tree`"
                ),
                way_out: format.way_out.to_owned(),
            });
        }
        let format = format.map(|format| format!("libgit2 does not know {}", format.feature));
        let partial = settings.has_promisor().then(|| PARTIAL.to_owned());
        let is_true = |name| settings.is_true(name) || main.is_some_and(|main| main.is_true(name));
        let written_otherwise = if is_true("core.sparsecheckout") {
            Some("core.sparseCheckout is set: git knows which files are wanted".to_owned())
        } else if is_true("core.splitindex") {
            Some("core.splitIndex is set: git writes the index in two parts".to_owned())
        } else {
            None
        };
        Ok(Self {
            // An older git leaves reading to libgit2, as far as the objects are there.
            objects: format.clone().or_else(|| partial.clone().filter(|_| merges)),
            checkout: format.or(partial).or(written_otherwise),
        })
    }

    /// Adds that libgit2 failed to open the repository although nothing spoke against it.
    ///
    /// # Errors
    /// `error` itself where git is too old to take over.
    pub(super) fn add_unopened(
        &mut self,
        error: GitError,
        version: GitVersion,
    ) -> Result<(), GitError> {
        if !version.at_least(2, 38) {
            return Err(error);
        }
        let reason = format!("libgit2 fails: {error}");
        self.checkout = Some(reason.clone());
        self.objects = Some(reason);
        Ok(())
    }

    /// What reads objects and refs.
    pub(super) fn backend(&self) -> Backend {
        match self.objects {
            Some(_) => Backend::Git,
            None => Backend::Libgit2,
        }
    }
}

/// A format that libgit2 does not open.
struct Format {
    feature: String,
    way_out: &'static str,
}

fn format_obstacle(settings: &Settings) -> Option<Format> {
    let shown = |value: &str| quote_path(value.as_bytes());
    if let Some(format) = settings.last("extensions.objectformat")
        && !format.eq_ignore_ascii_case("sha1")
    {
        let feature = format!("the object format {}", shown(format));
        let way_out = "install git 2.38 or later, or use a clone with the object format sha1";
        return Some(Format { feature, way_out });
    }
    if let Some(format) = settings.last("extensions.refstorage") {
        let feature = format!("the ref storage {}", shown(format));
        let way_out = "install git 2.45 or later";
        return Some(Format { feature, way_out });
    }
    let unknown = settings.below("extensions.").find(|name| !KNOWN_EXTENSIONS.contains(name))?;
    let feature = format!("the extension {}", shown(unknown));
    Some(Format { feature, way_out: "install git 2.38 or later, or use a clone without it" })
}

impl Repo {
    /// What serves what, one entry for each [`Area`]. Reads the index's form.
    pub fn capabilities(&self) -> Vec<Capability> {
        let Obstacles { objects, checkout } = self.obstacles().clone();
        let service = |area, reason: Option<String>| {
            let backend = if reason.is_some() { Backend::Git } else { Backend::Libgit2 };
            Capability { area, backend, reason }
        };
        let filters = self.filter_drivers();
        let mut checkout = service(Area::Checkout, checkout);
        if checkout.backend == Backend::Libgit2 && !filters.is_empty() {
            let names = filters.join("`, `");
            checkout.reason = Some(format!("git where attributes ask for the filter `{names}`"));
        }
        vec![
            service(Area::Objects, objects.clone()),
            service(Area::Index, Some(self.index_reason())),
            checkout,
            service(Area::Forecast, objects),
        ]
    }

    /// Why the files of a worktree must be written by the git program, `None` where nothing in the
    /// configuration asks for it. Attributes of a commit may still ask for a filter of
    /// [`Self::filter_drivers`].
    pub fn checkout_needs_git(&self) -> Option<&str> {
        self.obstacles().checkout.as_deref()
    }

    /// Names of the configured filters that change a file on its way to the worktree
    /// (`filter.<name>.smudge` or `.process`), sorted.
    pub fn filter_drivers(&self) -> Vec<String> {
        let names = self.settings().below("filter.").filter_map(|key| {
            let name = key.strip_suffix(".smudge").or_else(|| key.strip_suffix(".process"))?;
            Some(name.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }

    /// Why status is git's: always, and more so where libgit2 could not even read the index.
    fn index_reason(&self) -> String {
        match IndexForm::load(&self.git_dir().join("index"), self.id_length()) {
            Some(form) if form.split => "the index is split, which libgit2 does not read",
            Some(form) if form.sparse => "the index is sparse, which libgit2 does not read",
            Some(_) | None => "files are compared with the filters and flags that git knows",
        }
        .to_owned()
    }

    /// Length of an object id in bytes.
    fn id_length(&self) -> usize {
        match self.settings().last("extensions.objectformat") {
            Some(format) if format.eq_ignore_ascii_case("sha256") => 32,
            Some(_) | None => 20,
        }
    }
}

#[cfg(test)]
mod tests;
