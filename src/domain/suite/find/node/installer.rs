//! npm, pnpm or yarn.

use super::package::PackageJson;
use super::{PNPM_LIST, joined};
use crate::domain::suite::ModuleKind;
use crate::domain::suite::find::Search;

/// Who installs packages and runs their scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Installer {
    Npm,
    Pnpm,
    Yarn,
}

impl Installer {
    /// The one that `packageManager` names, else that of the list or the lock file beside the
    /// manifest, else npm.
    pub(super) fn of(search: &Search<'_>, root: &str, package: &PackageJson) -> Self {
        let named = package.manager.as_deref().and_then(|text| text.split('@').next());
        let has = |name: &str| search.tree.has(&joined(root, name));
        match named {
            Some("npm") => Self::Npm,
            Some("pnpm") => Self::Pnpm,
            Some("yarn") => Self::Yarn,
            _ if has(PNPM_LIST) || has("pnpm-lock.yaml") => Self::Pnpm,
            _ if has("yarn.lock") || has(".yarnrc.yml") => Self::Yarn,
            _ => Self::Npm,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
        }
    }

    pub(super) fn kind(self) -> ModuleKind {
        match self {
            Self::Npm => ModuleKind::Npm,
            Self::Pnpm => ModuleKind::Pnpm,
            Self::Yarn => ModuleKind::Yarn,
        }
    }

    /// Runs the `test` script of a package, in the root of its workspace. `inner` is the package's
    /// folder there; empty is the root itself.
    pub(super) fn words(self, inner: &str, name: Option<&str>) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match (self, inner, name) {
            (Self::Npm, "", _) => words(&["npm", "test"]),
            (Self::Npm, inner, _) => words(&["npm", "test", &format!("--workspace={inner}")]),
            (Self::Pnpm, "", _) => words(&["pnpm", "test"]),
            // Not `--filter`: where nothing matches, that runs nothing and succeeds.
            (Self::Pnpm, inner, _) => words(&["pnpm", "--dir", inner, "test"]),
            (Self::Yarn, "", _) => words(&["yarn", "test"]),
            (Self::Yarn, _, Some(name)) => words(&["yarn", "workspace", name, "test"]),
            (Self::Yarn, inner, None) => words(&["yarn", "--cwd", inner, "test"]),
        }
    }
}
