//! Text files that a command is given.

use std::path::Path;

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
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder_of(path).join(format!(".{name}.{}", std::process::id()));
    let written = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        let _nothing_was_made = std::fs::remove_file(&draft);
    }
    written
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}
