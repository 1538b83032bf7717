//! Records of `git diff-tree -r -z --raw`: `:<mode> <mode> <id> <id> <status>`, then one path, or two
//! for a rename.

use crate::adapters::git::diff::{ChangeKind, FileMode, PathChange, RawChange, TreeFile};
use crate::adapters::git::path::quote_path;

/// Changes with their renames.
pub(super) fn parse_changed_paths(output: &[u8]) -> Option<Vec<PathChange>> {
    let change = |record: Record<'_>| {
        let kind = match record.status {
            b'A' => ChangeKind::Added,
            b'D' => ChangeKind::Deleted,
            b'T' => ChangeKind::TypeChanged,
            b'R' => ChangeKind::Renamed { from: quote_path(record.path) },
            _ => ChangeKind::Modified,
        };
        PathChange { path: quote_path(record.renamed_to.unwrap_or(record.path)), kind }
    };
    records(output).map(|record| record.map(change)).collect()
}

/// Changes path by path.
pub(super) fn parse_raw_changes(output: &[u8]) -> Option<Vec<RawChange>> {
    let change = |record: Record<'_>| RawChange {
        path: record.path.to_vec(),
        old: record.old,
        new: record.new,
    };
    records(output).map(|record| record.map(change)).collect()
}

struct Record<'a> {
    status: u8,
    old: Option<TreeFile>,
    new: Option<TreeFile>,
    path: &'a [u8],
    renamed_to: Option<&'a [u8]>,
}

/// `None` for a record of another form.
fn records(output: &[u8]) -> impl Iterator<Item = Option<Record<'_>>> {
    let mut fields = output.split(|&byte| byte == 0);
    std::iter::from_fn(move || {
        let head = fields.next().filter(|head| !head.is_empty())?;
        Some(record(head, &mut fields))
    })
}

fn record<'a>(head: &[u8], fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Record<'a>> {
    let text = str::from_utf8(head).ok()?.strip_prefix(':')?;
    let mut words = text.split(' ');
    let (old_mode, new_mode) = (words.next()?, words.next()?);
    let (old_id, new_id) = (words.next()?, words.next()?);
    let status = *words.next()?.as_bytes().first()?;
    let path = fields.next()?;
    let renamed_to = if matches!(status, b'R' | b'C') { Some(fields.next()?) } else { None };
    let (old, new) = (tree_file(old_mode, old_id)?, tree_file(new_mode, new_id)?);
    Some(Record { status, old, new, path, renamed_to })
}

/// `Some(None)` where the side has no file.
fn tree_file(mode: &str, id: &str) -> Option<Option<TreeFile>> {
    let mode = match mode {
        "000000" => return Some(None),
        "100755" => FileMode::Executable,
        "120000" => FileMode::Link,
        "160000" => FileMode::Submodule,
        mode if mode.starts_with("100") => FileMode::File,
        _ => return None,
    };
    Some(Some(TreeFile { mode, id: id.parse().ok()? }))
}
