//! A task of a `foreach` made for one item: `{item}` and `{item_name}` filled in.

use super::glob::ClaimError;
use super::pattern::base_name;
use super::{Claims, Command, Item, Task, Work};
use crate::domain::id::TaskId;

/// Words that stand for the item, in braces.
pub(super) const ITEM_WORDS: [&str; 2] = ["item", "item_name"];

/// Variables that hold the item and its name while a task of a `foreach` runs.
pub const ITEM_VARIABLES: [&str; 2] = ["WT_ORCH_ITEM", "WT_ORCH_ITEM_NAME"];

impl Task {
    /// This task for one item, under an id of its own. `argv` is left as it is: it is filled in
    /// when the task starts.
    ///
    /// # Errors
    /// With the item in place, a glob of `owns` or `reads` is none.
    pub(super) fn for_item(&self, id: TaskId, item: &str) -> Result<Self, ClaimError> {
        let mut task = self.clone();
        let text = |text: &String| filled(text, |word| plain(word, item));
        let shell = |text: &String| filled(text, |word| in_shell(word, item));
        task.pattern.item = Some(Item { of: self.id.to_string(), text: item.to_owned() });
        task.id = id;
        task.title = self.title.as_ref().map(text);
        task.work = match &self.work {
            Work::Command { command, prompt } => Work::Command {
                command: match command {
                    Command::Shell(run) => Command::Shell(shell(run)),
                    Command::Argv(words) => Command::Argv(words.clone()),
                },
                prompt: prompt.as_ref().map(text),
            },
            Work::Agent { preset, prompt, persona } => Work::Agent {
                preset: preset.clone(),
                prompt: text(prompt),
                persona: persona.clone(),
            },
            same @ (Work::Given | Work::Gate { .. }) => same.clone(),
        };
        if let Some(owns) = &self.owns {
            let globs: Vec<String> = owns.globs().map(|glob| in_glob(glob, item)).collect();
            task.owns = Some(Claims::try_from(globs)?);
        }
        task.reads = self.reads.iter().map(|glob| in_glob(glob, item)).collect();
        Claims::try_from(task.reads.clone())?;
        task.check = self.check.as_ref().map(shell);
        task.locks = self.locks.iter().map(text).collect();
        task.env.values_mut().for_each(|value| *value = text(value));
        for (name, word) in ITEM_VARIABLES.into_iter().zip(ITEM_WORDS) {
            task.env.insert(name.to_owned(), plain(word, item));
        }
        Ok(task)
    }
}

fn plain(word: &str, item: &str) -> String {
    if word == ITEM_WORDS[1] { base_name(item).to_owned() } else { item.to_owned() }
}

/// What means nothing to a shell, within quotes or not, is put in as it is; anything else comes from
/// the environment, so that no name of a file can become a command.
fn in_shell(word: &str, item: &str) -> String {
    let value = plain(word, item);
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._/@%+=:,-".contains(c);
    if value.chars().all(harmless) {
        return value;
    }
    let variable = if word == ITEM_WORDS[1] { ITEM_VARIABLES[1] } else { ITEM_VARIABLES[0] };
    format!("\"${{{variable}}}\"")
}

/// A glob in which the item stands for itself, whatever characters it has.
fn in_glob(glob: &str, item: &str) -> String {
    filled(glob, |word| {
        let mut escaped = String::new();
        for c in plain(word, item).chars() {
            if r"*?[]{},!\".contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    })
}

/// The text with `{item}` and `{item_name}` replaced. `{{item}}` stands for the text `{item}`;
/// `${item}` and every other brace stay as they are.
fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        let word = ITEM_WORDS
            .into_iter()
            .find(|word| from[1..].strip_prefix(word).is_some_and(|after| after.starts_with('}')));
        let Some(word) = word else {
            out.push_str(before);
            out.push('{');
            rest = &from[1..];
            continue;
        };
        let after = &from[word.len() + 2..];
        if before.ends_with('$') {
            out.extend([before, "{", word, "}"]);
            rest = after;
        } else if let Some(after) = after.strip_prefix('}').filter(|_| out_ends_open(&out, before))
        {
            out.push_str(before);
            // The brace before it was an escape.
            out.pop();
            out.extend(["{", word, "}"]);
            rest = after;
        } else {
            out.push_str(before);
            out.push_str(&value(word));
            rest = after;
        }
    }
    out + rest
}

fn out_ends_open(out: &str, before: &str) -> bool {
    if before.is_empty() { out.ends_with('{') } else { before.ends_with('{') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_of_the_item_are_filled_in() {
        let shown = |text: &str| filled(text, |word| plain(word, "crates/core"));
        assert_eq!(shown("{item} in {item_name}!"), "crates/core in core!");
        for same in ["${item}", "{ item }", "{items}", "{{name}}", "{}", "{", "a{b,c}d", "{id}"] {
            assert_eq!(shown(same), same);
        }
        assert_eq!(shown("{{item}}"), "{item}");
        assert_eq!(shown("a{{item}}b{item}"), "a{item}bcrates/core");
        assert_eq!(shown("{{item}"), "{crates/core");
    }

    #[test]
    fn no_name_of_a_file_becomes_a_command() {
        assert_eq!(in_shell("item", "crates/a-b.c"), "crates/a-b.c");
        for odd in ["a b", "$(reboot)", "a'b", "a\"b", "`x`", "a;b", "~", "é", "a\nb", "*"] {
            assert_eq!(in_shell("item", odd), "\"${WT_ORCH_ITEM}\"", "{odd}");
        }
        assert_eq!(in_shell("item_name", "crates/a b"), "\"${WT_ORCH_ITEM_NAME}\"");
        assert_eq!(in_shell("item_name", "a b/core"), "core");
    }

    #[test]
    fn an_item_stands_for_itself_in_a_glob() {
        for odd in ["a*b", "a[1]", "{x,y}", "a\\b", "!a", "a,b"] {
            let globs = vec![in_glob("crates/{item}/**", odd), in_glob("{x,{item}}", odd)];
            let claims = Claims::try_from(globs).unwrap();
            assert!(claims.matches(&format!("crates/{odd}/x")), "{odd}");
            assert!(claims.matches(odd) && !claims.matches("crates/aab/x"), "{odd}");
        }
    }
}
