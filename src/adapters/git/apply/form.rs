//! The ways in which a patch may be meant.

use std::borrow::Cow;

/// One way of reading a patch.
pub(super) struct Form<'p> {
    pub(super) text: Cow<'p, [u8]>,
    /// Folders taken off the front of each path.
    pub(super) strip: u8,
    /// By a merge with the files it was made from.
    pub(super) merged: bool,
}

/// All of them, the likeliest first. `merges` is whether git can merge into an index alone. Where
/// the paths begin is decided once: trying would put new files into wrong folders.
pub(super) fn forms(patch: &[u8], merges: bool) -> Vec<Form<'_>> {
    let strip = strip(patch);
    let unix = with_unix_lines(patch);
    let mut forms = Vec::new();
    for merged in [false, true].into_iter().take(1 + usize::from(merges)) {
        forms.push(Form { text: Cow::Borrowed(patch), strip, merged });
        forms.extend(unix.clone().map(|text| Form { text: Cow::Owned(text), strip, merged }));
    }
    forms
}

/// The text of a patch that was sent with CR LF at the end of every line.
fn with_unix_lines(patch: &[u8]) -> Option<Vec<u8>> {
    let headers =
        || lines(patch).filter(|line| line.starts_with(b"--- ") || line.starts_with(b"@@ "));
    if headers().next().is_none() || !headers().all(|line| line.ends_with(b"\r")) {
        return None;
    }
    let mut text = Vec::with_capacity(patch.len());
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                text.extend_from_slice(line);
                text.push(b'\n');
            }
            None => text.extend_from_slice(line),
        }
    }
    Some(text)
}

/// How many folders stand before each path to tell old from new: 1 or 0.
fn strip(patch: &[u8]) -> u8 {
    let mut lines = lines(patch).peekable();
    let (mut git, mut one_sided) = (None, None);
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix(b"diff --git ") {
            git = git.or(Some(u8::from(has_prefix(named))));
        }
        let Some(old) = line.strip_prefix(b"--- ") else { continue };
        let Some(new) = lines.peek().and_then(|line| line.strip_prefix(b"+++ ")) else { continue };
        match (path(old), path(new)) {
            (NOTHING, path) | (path, NOTHING) => {
                one_sided = one_sided.or(Some(u8::from(has_prefix(path))));
            }
            (old, new) => return strip_of(old, new, git.is_some()),
        }
    }
    one_sided.or(git).unwrap_or(1)
}

/// What stands in the place of a file that is not there.
const NOTHING: &[u8] = b"/dev/null";

fn strip_of(old: &[u8], new: &[u8], is_git: bool) -> u8 {
    let (Some(old_end), Some(new_end)) = (folder_end(old), folder_end(new)) else { return 0 };
    let (old_rest, new_rest) = (&old[old_end..], &new[new_end..]);
    if old[..old_end] == new[..new_end] {
        return 0;
    }
    // A file that was renamed has two paths, which may begin with two folders of its own.
    u8::from(old_rest == new_rest || !is_git || (has_prefix(old) && has_prefix(new)))
}

fn folder_end(path: &[u8]) -> Option<usize> {
    path.iter().position(|&byte| byte == b'/')
}

fn lines(patch: &[u8]) -> impl Iterator<Item = &[u8]> {
    patch.split(|&byte| byte == b'\n')
}

/// The path of a header, without the time that `diff` puts behind it.
fn path(header: &[u8]) -> &[u8] {
    let end = header.iter().position(|&byte| byte == b'\t').unwrap_or(header.len());
    header[..end].trim_ascii_end()
}

/// Whether a path begins with one of the letters that git puts before it.
fn has_prefix(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"\"").unwrap_or(path);
    matches!(path, [b'a' | b'b' | b'c' | b'i' | b'o' | b'w' | b'1' | b'2', b'/', ..])
}

#[cfg(test)]
mod tests;
