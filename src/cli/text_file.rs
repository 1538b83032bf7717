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
