//! Names of worktrees and branches with `{repo}`, `{run}` and `{task}` in them.

use crate::domain::diagnostic::{closest, filled, placeholders};
use crate::domain::id::slugify;

/// Words that may stand in braces.
const WORDS: [&str; 3] = ["repo", "run", "task"];

/// A pattern that gives every task of a run a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    of_branch: bool,
}

/// Why a text is no template. The message is a fragment that fits after the quoted text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Two tasks would get the same name.
    #[error("has no `{{task}}`, so two tasks would get the same name")]
    NoTask,
    /// A word in braces that means nothing here.
    #[error("has the unknown placeholder `{{{name}}}`{}", .meant.as_ref().map_or_else(String::new, |m| format!("; did you mean `{{{m}}}`?")))]
    Unknown {
        /// The word.
        name: String,
        /// The word that was probably meant.
        meant: Option<&'static str>,
    },
    /// A path that only a shell would understand.
    #[error("starts with `~`, which only a shell expands; write the path in full")]
    Home,
    /// No path can hold it.
    #[error("has a NUL byte")]
    Nul,
    /// Git refuses branches of this name.
    #[error("{reason}, which git does not allow in a branch name")]
    Branch {
        /// What git objects to.
        reason: &'static str,
    },
}

impl Template {
    /// A template of paths, relative to the repository's root or absolute.
    pub fn parse_path(text: &str) -> Result<Self, TemplateError> {
        check_words(text)?;
        if text == "~" || text.starts_with("~/") {
            return Err(TemplateError::Home);
        }
        Ok(Self { text: text.to_owned(), of_branch: false })
    }

    /// A template of branch names.
    pub fn parse_branch(text: &str) -> Result<Self, TemplateError> {
        check_words(text)?;
        let template = Self { text: text.to_owned(), of_branch: true };
        match objection(&template.expand("repo", "run", "task")) {
            Some(reason) => Err(TemplateError::Branch { reason }),
            None => Ok(template),
        }
    }

    /// `../{repo}-{task}`.
    pub(super) fn default_path() -> Self {
        Self { text: "../{repo}-{task}".to_owned(), of_branch: false }
    }

    /// `feature/{task}`.
    pub(super) fn default_branch() -> Self {
        Self { text: "feature/{task}".to_owned(), of_branch: true }
    }

    /// The name for one task. In a branch the name of the repository is turned into a slug, since
    /// folders may have names that branches may not.
    pub fn expand(&self, repo: &str, run: &str, task: &str) -> String {
        let slug = if self.of_branch { slugify(repo) } else { repo.to_owned() };
        filled(&self.text, |word| match word {
            "repo" => Some(slug.as_str()),
            "run" => Some(run),
            "task" => Some(task),
            _ => None,
        })
    }

    /// Whether a path that is made of it lies in the folder around the repository, or deeper.
    pub fn stays_beside(&self) -> bool {
        let below = self.text.strip_prefix("../").unwrap_or(&self.text);
        !below.starts_with('/') && below.split('/').all(|part| part != "..")
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn check_words(text: &str) -> Result<(), TemplateError> {
    if text.trim().is_empty() {
        return Err(TemplateError::Empty);
    }
    if text.contains('\0') {
        return Err(TemplateError::Nul);
    }
    if let Some(name) = placeholders(text).find(|name| !WORDS.contains(name)) {
        let meant = closest(name, WORDS);
        return Err(TemplateError::Unknown { name: name.to_owned(), meant });
    }
    if placeholders(text).any(|name| name == "task") { Ok(()) } else { Err(TemplateError::NoTask) }
}

/// What git has against a branch of this name (git-check-ref-format).
fn objection(name: &str) -> Option<&'static str> {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if name.contains(bad) {
        Some("has a space, a control character or one of `~^:?*[\\`")
    } else if name.contains("..") {
        Some("has `..`")
    } else if name.contains("@{") {
        Some("has `@{`")
    } else if name.starts_with('-') {
        Some("starts with `-`")
    } else if name.split('/').any(str::is_empty) {
        Some("starts or ends with `/` or has `//`")
    } else if name.split('/').any(|part| part.starts_with('.')) {
        Some("has a part that starts with `.`")
    } else if name.ends_with('.') {
        Some("ends with `.`")
    } else if name.split('/').any(|part| part.ends_with(".lock")) {
        Some("has a part that ends with `.lock`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_gets_a_name_of_its_own() {
        let path = Template::parse_path("../{repo}-{task}").unwrap();
        assert_eq!(path.expand("My Shop", "run-2", "api"), "../My Shop-api");
        let branch = Template::parse_branch("wt/{repo}/{run}/{task}").unwrap();
        assert_eq!(branch.expand("My Shop", "run-2", "api"), "wt/my-shop/run-2/api");
        assert_eq!(branch.as_str(), "wt/{repo}/{run}/{task}");
    }

    #[test]
    fn what_can_not_work_is_refused() {
        let message = |error: Result<Template, TemplateError>| error.unwrap_err().to_string();
        assert_eq!(
            message(Template::parse_path("../{repo}")),
            "has no `{task}`, so two tasks would get the same name"
        );
        assert_eq!(
            message(Template::parse_path("../{tsak}")),
            "has the unknown placeholder `{tsak}`; did you mean `{task}`?"
        );
        assert_eq!(Template::parse_path("{{task}}"), Err(TemplateError::NoTask));
        assert_eq!(Template::parse_path(" "), Err(TemplateError::Empty));
        assert_eq!(Template::parse_path("~/{task}"), Err(TemplateError::Home));
        assert_eq!(Template::parse_path("\0{task}"), Err(TemplateError::Nul));
        for name in [
            "a b/{task}",
            "{task}..x",
            "/{task}",
            "{task}/",
            "a//{task}",
            "-{task}",
            ".{task}",
            "{task}.",
            "{task}.lock",
            "{task}^",
            "a:{task}",
            "x.lock/{task}",
            "{task}@{x",
        ] {
            let refused = Template::parse_branch(name);
            assert!(matches!(refused, Err(TemplateError::Branch { .. })), "{name}: {refused:?}");
        }
    }
}
