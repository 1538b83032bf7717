//! Words of commands, as a shell reads them.

/// A word as a POSIX shell takes it: quoted where that is needed.
pub fn shell_word(word: &str) -> String {
    // The first word of a command would be an assignment with a `=`; no option is.
    let is_option = word.starts_with('-');
    let plain =
        |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%^".contains(c) || (c == '=' && is_option);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
