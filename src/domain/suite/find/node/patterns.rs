//! Which folders the patterns of a workspace mean.

use globset::{GlobBuilder, GlobMatcher};

use crate::domain::diagnostic::quoted;
use crate::domain::suite::find::tree::resolved;

/// What the patterns of a workspace say of folders.
pub(super) struct Chosen<'f> {
    /// A pattern means them, and no later one with `!` takes them back.
    pub(super) members: Vec<&'f str>,
    /// A pattern with `!` takes them back.
    pub(super) excluded: Vec<&'f str>,
    /// What is wrong with patterns.
    pub(super) faults: Vec<String>,
}

/// Which folders are meant. `inner` is a folder seen from the root of the workspace.
pub(super) fn chosen<'f>(
    patterns: &[String],
    folders: Vec<&'f str>,
    inner: impl Fn(&'f str) -> &'f str,
) -> Chosen<'f> {
    let mut faults = Vec::new();
    let mut rules = Vec::new();
    for text in patterns {
        match Rule::parse(text) {
            Ok(rule) => rules.push(rule),
            Err(why) => faults.push(format!("{} of the workspace {why}", quoted(text))),
        }
    }
    for rule in rules.iter().filter(|rule| rule.takes && rule.is_plain) {
        if !folders.iter().any(|folder| rule.matches(inner(folder))) {
            let named = quoted(rule.glob.glob().glob());
            faults.push(format!("{named} of the workspace has no package.json"));
        }
    }
    let takes = |folder: &'f str| {
        rules.iter().rev().find(|rule| rule.matches(inner(folder))).map(|rule| rule.takes)
    };
    let own = |folder: &&str| !folder.split('/').any(|part| part == "node_modules");
    let own: Vec<&str> = folders.into_iter().filter(own).collect();
    let of = |wanted: bool| own.iter().copied().filter(move |folder| takes(folder) == Some(wanted));
    Chosen { members: of(true).collect(), excluded: of(false).collect(), faults }
}

struct Rule {
    takes: bool,
    is_plain: bool,
    /// Whether `*` stands for names that begin with a point.
    hidden: bool,
    glob: GlobMatcher,
}

impl Rule {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (takes, pattern) = match text.strip_prefix('!') {
            Some(pattern) => (false, pattern),
            None => (true, text),
        };
        let path = resolved("", pattern).ok_or("leads out of its folder")?;
        let glob = GlobBuilder::new(&path).literal_separator(true).build();
        let glob = glob.map_err(|_| "is no glob")?.compile_matcher();
        let is_plain = !pattern.contains(['*', '?', '[', '{']) && !path.is_empty();
        let hidden = !takes || path.split('/').any(|part| part.starts_with('.'));
        Ok(Self { takes, is_plain, hidden, glob })
    }

    fn matches(&self, folder: &str) -> bool {
        let hidden = || folder.split('/').any(|part| part.starts_with('.'));
        self.glob.is_match(folder) && (self.hidden || !hidden())
    }
}
