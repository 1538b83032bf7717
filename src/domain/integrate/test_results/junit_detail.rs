//! What a JUnit report holds of one test beside how it ended.

use std::borrow::Cow;

use quick_xml::events::BytesRef;

use super::excerpt::Excerpt;

/// Bytes kept of one element's text.
const TEXT_MAX: usize = 1024 * 1024;

/// An element within a test.
pub(super) struct Detail {
    is_failure: bool,
    text: String,
}

impl Detail {
    /// `None` for what is not shown.
    pub(super) fn begin(name: &str, message: Option<String>) -> Option<Self> {
        match name {
            "failure" | "error" => {
                let text = message.map_or(String::new(), |message| format!("{message}\n"));
                Some(Self { is_failure: true, text })
            }
            "system-out" | "system-err" => Some(Self { is_failure: false, text: String::new() }),
            _ => None,
        }
    }

    pub(super) fn take_text(&mut self, text: &str) {
        if self.text.len() + text.len() <= TEXT_MAX {
            self.text.push_str(text);
        }
    }

    /// Writers often repeat the message as the beginning of the text.
    fn without_repetition(&self) -> &str {
        match self.text.split_once('\n') {
            Some((message, rest)) if self.is_failure && rest.trim_start().starts_with(message) => {
                rest
            }
            Some(_) | None => &self.text,
        }
    }
}

/// All elements within a test: failures first, then what it printed.
#[derive(Default)]
pub(super) struct Details {
    failures: String,
    printed: String,
}

impl Details {
    pub(super) fn take(&mut self, detail: Detail) {
        let text = detail.without_repetition().trim_matches('\n');
        let all = if detail.is_failure { &mut self.failures } else { &mut self.printed };
        if !text.trim().is_empty() && all.len() <= TEXT_MAX {
            all.push_str(text);
            all.push('\n');
        }
    }

    pub(super) fn finish(self) -> Excerpt {
        let is_repeated = self.failures.contains(self.printed.trim());
        let printed = if is_repeated { "" } else { self.printed.as_str() };
        Excerpt::of(&format!("{}{printed}", self.failures))
    }
}

/// The character that an entity stands for, or the entity itself.
pub(super) fn resolved(entity: &BytesRef<'_>) -> Cow<'static, str> {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return Cow::Owned(c.to_string());
    }
    let name = entity.xml10_content();
    match quick_xml::escape::resolve_predefined_entity(&name) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(format!("&{name};")),
    }
}
