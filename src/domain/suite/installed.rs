//! What suites cannot run without and no commit holds: packages that are installed in the checkout.

use super::{Module, ModuleKind};

/// Where npm, pnpm and yarn install, without what programs keep there for themselves.
const NODE: [&str; 4] = [
    "node_modules",
    "!**/node_modules/.cache/",
    "!**/node_modules/.vite/",
    "!**/node_modules/.vitest/",
];

/// What yarn makes where it installs without `node_modules`.
const YARN: [&str; 5] = [".pnp.cjs", ".pnp.js", ".pnp.loader.mjs", ".yarn/", "**/.yarn/*"];

/// Folders and files that worktrees get from the checkout so that these modules can be tested, as
/// lines of a `.gitignore`. Python environments are not among them: they work only where they were
/// made, and there from any folder.
pub fn installed(modules: &[Module]) -> Vec<String> {
    let of = |module: &Module| match module.kind {
        ModuleKind::Npm | ModuleKind::Pnpm => NODE.to_vec(),
        ModuleKind::Yarn => NODE.into_iter().chain(YARN).collect(),
        ModuleKind::Cargo | ModuleKind::Go | ModuleKind::Pytest | ModuleKind::Configured => {
            Vec::new()
        }
    };
    let longest = modules.iter().map(of).max_by_key(Vec::len).unwrap_or_default();
    longest.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::Command;

    fn module(kind: ModuleKind) -> Module {
        Module {
            name: kind.word().to_owned(),
            kind,
            folder: String::new(),
            command: Command::Argv(Vec::new()),
            report: None,
            why: String::new(),
            depends_on: Vec::new(),
            build: None,
            units: Vec::new(),
            stem: Vec::new(),
            areas: Vec::new(),
            paths: None,
        }
    }

    #[test]
    fn packages_of_node_go_along_where_one_of_the_modules_wants_them() {
        let of = |kinds: &[ModuleKind]| {
            installed(&kinds.iter().map(|kind| module(*kind)).collect::<Vec<_>>())
        };
        assert_eq!(of(&[ModuleKind::Cargo, ModuleKind::Go, ModuleKind::Pytest]), [""; 0]);
        assert_eq!(of(&[ModuleKind::Cargo, ModuleKind::Pnpm]), NODE);
        let both = of(&[ModuleKind::Npm, ModuleKind::Yarn, ModuleKind::Npm]);
        assert!(both.starts_with(&NODE.map(str::to_owned)), "{both:?}");
        assert!(YARN.iter().all(|line| both.iter().any(|known| known == line)), "{both:?}");
    }
}
