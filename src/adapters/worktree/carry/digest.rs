//! What would be brought, as a text that changes with it.

use super::admit::Carry;
use super::record::Stamp;
use super::select::Kind;
use crate::adapters::git::as_path;
use crate::adapters::host::digest::sha256;

impl Carry {
    /// The same as long as the checkout has the same files of the same size and time, and the same
    /// links.
    pub fn digest(&self) -> String {
        let selection = &self.selection;
        let lines: Vec<Vec<u8>> = selection
            .items
            .iter()
            .map(|item| {
                let what = match &item.kind {
                    Kind::Folder => "folder".to_owned(),
                    Kind::Link { .. } | Kind::File { .. } => {
                        let path = selection.checkout.join(as_path(&item.path));
                        let found = path.symlink_metadata().map(|found| Stamp::of(&found));
                        let link = path.read_link().unwrap_or_default();
                        format!("{found:?} {}", link.display())
                    }
                };
                [what.as_bytes(), b" ", &item.path, b"\0"].concat()
            })
            .collect();
        sha256(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}
