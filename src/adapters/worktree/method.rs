//! Who makes which part of a worktree: this program where it is sure to do what git would, else git.

use crate::adapters::git::{Conversion, FileMode, GitError, ListedFile, Listing, Repo, quote_path};

/// Who writes what.
#[derive(Debug)]
pub(super) struct Method {
    /// Git makes its own entry.
    pub(super) entry_by_git: bool,
    /// Git's index says more than ours would, or of other contents.
    pub(super) index_by_git: bool,
    /// How the files come about.
    pub(super) files: Conversion,
}

impl Method {
    /// Decides for one commit.
    ///
    /// # Errors
    /// Git or the file system fails.
    pub(super) fn choose(repo: &Repo, listing: &Listing) -> Result<Self, GitError> {
        let entry_by_git = entry_needs_git(repo);
        let reason = files_need_git(repo)?;
        let index_by_git = reason.is_some() || listing.malformed;
        let reason = reason.or_else(|| odd_name(listing));
        let files = match reason {
            Some(reason) => Conversion::ByGit { reason },
            None => Conversion::load(repo, listing)?,
        };
        Ok(Self { entry_by_git, index_by_git, files })
    }

    /// Why git writes the files.
    pub(super) fn reason(&self) -> Option<&str> {
        match &self.files {
            Conversion::ByGit { reason } => Some(reason),
            Conversion::Nothing | Conversion::Some(_) => None,
        }
    }
}

/// Settings under which an entry holds more than ours does.
fn entry_needs_git(repo: &Repo) -> bool {
    let settings = repo.settings();
    repo.checkout_needs_git().is_some()
        || settings.is_true("extensions.worktreeconfig")
        || settings.is_true("worktree.userelativepaths")
        || settings.last("core.sharedrepository").is_some_and(|value| value != "umask")
}

fn files_need_git(repo: &Repo) -> Result<Option<String>, GitError> {
    if let Some(reason) = repo.checkout_needs_git() {
        return Ok(Some(reason.to_owned()));
    }
    let reason = if repo.settings().last("attr.tree").is_some() {
        "attr.tree is set: attributes are another commit's"
    } else if repo.has_replacements()? {
        "objects are replaced (`git replace`)"
    } else {
        return Ok(None);
    };
    Ok(Some(reason.to_owned()))
}

/// A name that git may refuse, for it means `.git` on some system, or that is no name at all.
fn odd_name(listing: &Listing) -> Option<String> {
    let folders = listing.folders.iter().skip(1).map(|folder| {
        let path = &folder.path;
        &path[path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)..]
    });
    let files = listing.files.iter().map(ListedFile::name);
    let links = listing.files.iter().filter(|file| file.mode == FileMode::Link);
    let mut link_names = links.map(ListedFile::name);
    if link_names.any(may_mean_gitmodules) {
        return Some("`.gitmodules` is a symbolic link".to_owned());
    }
    if listing.malformed {
        return Some("a tree is not as git makes them".to_owned());
    }
    let odd = folders.chain(files).find(|name| is_odd(name))?;
    Some(format!("`{}` is an odd name", quote_path(odd)))
}

fn is_odd(name: &[u8]) -> bool {
    // Code points that some systems leave out when they compare names begin with these bytes.
    let ignorable = |bytes: &[u8]| matches!(bytes, [0xe2, 0x80 | 0x81, _] | [0xef, 0xbb, 0xbf]);
    matches!(name, b"" | b"." | b"..")
        || name.contains(&b'/')
        || name.split(|&byte| byte == b'\\').any(begins_like_dot_git)
        || name.windows(3).any(ignorable)
}

/// Whether some system takes a name for `.gitmodules`: with ends that it leaves out, or in its short
/// form (`gitmod~1`, `gi7eba~1`).
fn may_mean_gitmodules(name: &[u8]) -> bool {
    let begins = |with: &[u8]| name.get(..with.len()).is_some_and(|n| n.eq_ignore_ascii_case(with));
    begins(b".gitmod") || begins(b"gitmod~") || begins(b"gi7eba~")
}

/// Whether a name begins like `.git` or its short form, and does not go on as a word.
fn begins_like_dot_git(name: &[u8]) -> bool {
    let begins = |with: &[u8]| name.get(..with.len()).is_some_and(|n| n.eq_ignore_ascii_case(with));
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    begins(b"git~") || (begins(b".git") && !name.get(4).is_some_and(goes_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_dot_git_somewhere_are_left_to_git() {
        for odd in [
            ".git",
            ".GIT",
            ".git ",
            ".git.",
            "git~1",
            ".g\u{200c}it",
            "a\\.git",
            "..",
            ".git::$DATA",
        ] {
            assert!(is_odd(odd.as_bytes()), "{odd}");
        }
        for plain in [
            ".gitignore",
            ".git-blame-ignore-revs",
            ".github",
            ".gitlab-ci.yml",
            "git",
            "x.git",
            "a\\b",
        ] {
            assert!(!is_odd(plain.as_bytes()), "{plain}");
        }
    }
}
