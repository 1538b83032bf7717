//! JSON documents as text.

use serde::Serialize;

/// A document, indented, with a line end after it.
///
/// # Errors
/// None for the documents of `domain::report`; a map whose keys are no text would be one.
pub fn json_text(document: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(document).map(|text| text + "\n")
}
