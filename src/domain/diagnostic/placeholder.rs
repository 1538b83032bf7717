//! `{word}` in what the user wrote: found, checked against the known ones, filled in.
//!
//! A placeholder is a word of letters, digits and `_` in single braces. `{{word}}` stands for the
//! text `{word}`. Every other brace stands for itself, so JSON, `{}` of find and xargs, and shell
//! variables (`${word}`) need no escaping.

/// The names of all placeholders of a text, in order.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    Pieces { rest: text }.filter_map(|piece| match piece {
        Piece::Placeholder(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// The text with every placeholder replaced by what `value` gives for its name; one without a value
/// stays as it is.
pub fn filled<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in (Pieces { rest: text }) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Placeholder(name) => match value(name) {
                Some(value) => out.push_str(value),
                None => out.extend(["{", name, "}"]),
            },
        }
    }
    out
}

enum Piece<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        let rest = self.rest;
        let first = rest.chars().next()?;
        let (piece, len) = if let Some(word) = rest.strip_prefix("${").and_then(word_in_braces) {
            (Piece::Text(&rest[..word.len() + 3]), word.len() + 3)
        } else if let Some(word) = rest
            .strip_prefix("{{")
            .and_then(word_in_braces)
            .filter(|word| rest[word.len() + 3..].starts_with('}'))
        {
            (Piece::Text(&rest[1..word.len() + 3]), word.len() + 4)
        } else if let Some(word) = rest.strip_prefix('{').and_then(word_in_braces) {
            (Piece::Placeholder(word), word.len() + 2)
        } else {
            let from = first.len_utf8();
            let len = rest[from..].find(['{', '$']).map_or(rest.len(), |at| at + from);
            (Piece::Text(&rest[..len]), len)
        };
        self.rest = &rest[len..];
        Some(piece)
    }
}

/// The word that `text` starts with, if a closing brace follows it.
fn word_in_braces(text: &str) -> Option<&str> {
    let (word, _) = text.split_once('}')?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (named && word.chars().all(letters)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        filled(text, |name| (name == "id").then_some("api"))
    }

    #[test]
    fn known_words_are_filled_in_and_others_are_left() {
        assert_eq!(shown("test-{id}"), "test-api");
        assert_eq!(shown("{id}{id}"), "apiapi");
        assert_eq!(shown("{other}"), "{other}");
        assert_eq!(placeholders("{id} {other} {{no}} ${no}").collect::<Vec<_>>(), ["id", "other"]);
    }

    #[test]
    fn doubled_braces_give_the_text_itself() {
        assert_eq!(shown("{{id}}"), "{id}");
        assert_eq!(shown("a{{id}}b{id}"), "a{id}bapi");
    }

    #[test]
    fn braces_of_other_languages_are_left_alone() {
        for text in
            [r#"{"a":{"b":1}}"#, "{}", "${id}", "{{.Names}}", "{", "}}", "$", "{é}", "{1}", "{a b}"]
        {
            assert_eq!(shown(text), text);
        }
    }
}
