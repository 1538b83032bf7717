//! Text files that a command is given.

use std::path::Path;

use crate::adapters::host::whole_file;
use crate::domain::task::human_size;

/// Reads a file of at most so many bytes; why not, as half a sentence.
pub(super) fn load_text(path: &Path, most: u64) -> Result<String, String> {
    let data = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if data.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if data.len() > most {
        return Err(format!("it is larger than {}", human_size(most)));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
}

/// Why a file cannot be written there, before anything is worth writing.
pub(super) fn refuse_unwritable(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Err("it is a folder".to_owned());
    }
    match folder_of(path) {
        folder if folder.is_dir() => Ok(()),
        folder => Err(format!("there is no folder `{}`", folder.display())),
    }
}

/// Puts a text in place of whatever file is there: whoever reads it meanwhile sees the old text or the
/// whole of the other.
pub(super) fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let found = path.symlink_metadata();
    if found.is_ok_and(|found| !found.is_file()) {
        // A pipe or a link stays what it is.
        return std::fs::write(path, text);
    }
    whole_file::write_whole(path, text.as_bytes())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}
