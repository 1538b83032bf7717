//! The work in pieces: files of one folder, so that no two threads write into the same folder.

use crate::adapters::git::Listing;

/// Files of one piece; large folders are cut.
const MOST_FILES: usize = 256;

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Number of the folder.
    pub(super) folder: usize,
    /// Numbers of its files.
    pub(super) files: Vec<usize>,
}

/// Cuts a listing.
pub(super) fn units(listing: &Listing) -> Vec<Unit> {
    let mut by_folder: Vec<Vec<usize>> = vec![Vec::new(); listing.folders.len()];
    for (number, file) in listing.files.iter().enumerate() {
        by_folder[file.folder].push(number);
    }
    let pieces = by_folder.into_iter().enumerate().flat_map(|(folder, files)| {
        let pieces: Vec<Unit> =
            files.chunks(MOST_FILES).map(|files| Unit { folder, files: files.to_vec() }).collect();
        pieces
    });
    pieces.collect()
}
