//! What a task runs: exactly one of `run`, `argv` and `agent`.

use std::ops::Range;

use super::{Known, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, closest, placeholders};
use crate::domain::task::argv::ARGV_WORDS;
use crate::domain::task::hypothesis::ARM_WORD;
use crate::domain::task::item::ITEM_WORDS;
use crate::domain::task::{Command, Work};

/// The keys as written; what was written wrongly is absent and recorded as a problem.
pub(super) struct WrittenWork {
    command: Option<Command>,
    agent: Option<Placed<String>>,
    prompt: Option<String>,
    persona: Option<Placed<String>>,
    /// Which of the three keys are there, right or wrong, in the order of the file.
    kinds: Vec<(&'static str, Range<usize>)>,
    /// First use of `{prompt}`.
    wants_prompt: Option<Range<usize>>,
    has_prompt: bool,
    /// One of the three keys seems to be there under a wrong name, which is a problem of its own.
    is_misspelt: bool,
    /// It may run nothing, because of what it begins with.
    is_given: bool,
}

impl WrittenWork {
    /// Reads them; `extra` is what may stand in braces in `argv` beside the words of every task.
    pub(super) fn read(
        table: &mut Table<'_>,
        extra: &[&'static str],
        known: &Known,
        problems: &Problems,
    ) -> Self {
        let run = value::text(table, "run", problems).map(|run| Command::Shell(run.value));
        let words = [&ARGV_WORDS[..], extra].concat();
        let argv = table.strings("argv").and_then(|argv| sound_argv(argv, &words, problems));
        let wants_prompt = argv.iter().flatten().find_map(|word| {
            placeholders(&word.value).any(|name| name == "prompt").then(|| word.span.clone())
        });
        let argv =
            argv.map(|argv| Command::Argv(argv.into_iter().map(|word| word.value).collect()));
        let agent = agent(table, known, problems);
        let prompt = value::text(table, "prompt", problems).map(|prompt| prompt.value);
        let persona = value::persona(table, known, problems);
        let mut kinds: Vec<_> = ["run", "argv", "agent"]
            .into_iter()
            .filter_map(|key| Some((key, table.key(key)?)))
            .collect();
        kinds.sort_by_key(|(_, span)| span.start);
        let has_prompt = table.key("prompt").is_some();
        Self {
            command: run.or(argv),
            agent,
            prompt,
            persona,
            kinds,
            wants_prompt,
            has_prompt,
            is_misspelt: false,
            is_given: false,
        }
    }

    /// Takes note of the keys that unknown ones probably mean.
    pub(super) fn misspelt(&mut self, meant: &[&str]) {
        self.is_misspelt = ["run", "argv", "agent"].iter().any(|key| meant.contains(key));
        self.has_prompt |= meant.contains(&"prompt");
    }

    /// Whether neither of the three keys is there, rightly spelt or not.
    pub(super) fn is_absent(&self) -> bool {
        self.kinds.is_empty() && !self.is_misspelt
    }

    /// Accepts that nothing runs.
    pub(super) fn may_be_absent(&mut self) {
        self.is_given = true;
    }

    /// The work; `None` means that an error was recorded. `inherited` is the persona of the
    /// defaults, which means nothing to a plain command.
    pub(super) fn settled(
        self,
        subject: &str,
        place: &Range<usize>,
        inherited: Option<&Placed<String>>,
        problems: &Problems,
    ) -> Option<Work> {
        let is_agent = match &self.kinds[..] {
            [] if self.is_misspelt => return None,
            [] if self.is_given => return self.settled_as_given(subject, place, problems),
            [] => {
                let message = format!("{subject} has nothing to run");
                let help = "add one of `run = \"…\"`, `argv = [\"…\"]`, or `agent` with `prompt`";
                problems.push(Diagnostic::error("no_work", place.clone(), message).help(help));
                return None;
            }
            [(kind, _)] => *kind == "agent",
            [(first, at), (second, span), ..] => {
                let message = format!("{subject} has both `{first}` and `{second}`");
                let problem = Diagnostic::error("two_works", span.clone(), message)
                    .also(at.clone(), "the other one")
                    .help("a task has exactly one of `run`, `argv` and `agent`");
                problems.push(problem);
                return None;
            }
        };
        if is_agent {
            if !self.has_prompt {
                let (_, span) = &self.kinds[0];
                let message = format!("{subject} has an `agent` but no `prompt`");
                let problem = Diagnostic::error("no_prompt", span.clone(), message);
                problems.push(problem.help("add `prompt = \"…\"`: what the agent is to do"));
            }
            let persona = self.persona.or_else(|| inherited.cloned()).map(|persona| persona.value);
            return Some(Work::Agent { preset: self.agent?.value, prompt: self.prompt?, persona });
        }
        if let Some(persona) = self.persona {
            let message = format!("{subject} has a `persona` but no `agent` to take the role");
            problems.push(Diagnostic::error("persona_without_agent", persona.span, message));
        }
        if let Some(span) = self.wants_prompt.filter(|_| !self.has_prompt) {
            let message = format!("{subject} uses `{{prompt}}` but has no `prompt`");
            problems.push(Diagnostic::error("no_prompt", span, message));
        }
        Some(Work::Command { command: self.command?, prompt: self.prompt })
    }

    fn settled_as_given(
        self,
        subject: &str,
        place: &Range<usize>,
        problems: &Problems,
    ) -> Option<Work> {
        let persona = self.persona.map(|persona| ("persona", persona.span));
        let prompt = self.has_prompt.then(|| ("prompt", place.clone()));
        let Some((key, span)) = persona.or(prompt) else { return Some(Work::Given) };
        let message = format!("{subject} has a `{key}` but runs nothing that could read it");
        let problem = Diagnostic::error("no_agent", span, message);
        problems.push(problem.help("add `agent` or `argv`, or remove it"));
        None
    }
}

fn agent(table: &mut Table<'_>, known: &Known, problems: &Problems) -> Option<Placed<String>> {
    let agent = value::text(table, "agent", problems)?;
    if known.agents.contains(&agent.value) {
        return Some(agent);
    }
    let names = known.agents.iter().map(String::as_str);
    let problem = value::unknown("unknown_agent", "agent", &agent, names);
    let help = problem.help.clone().unwrap_or_default();
    problems.push(problem.help(format!("{help}; any other program runs by `argv`")));
    None
}

fn sound_argv(
    argv: Placed<Vec<Placed<String>>>,
    words: &[&'static str],
    problems: &Problems,
) -> Option<Vec<Placed<String>>> {
    let Some(program) = argv.value.first() else {
        problems.push(Diagnostic::error("empty", argv.span, "`argv` is empty"));
        return None;
    };
    let mut sound = value::sound("the program of `argv`", program, problems);
    for word in &argv.value[1..] {
        sound &= value::without_nul("an item of `argv`", word, problems);
    }
    for word in &argv.value {
        for name in placeholders(&word.value).filter(|name| !words.contains(name)) {
            sound = false;
            let message = format!("unknown placeholder `{{{name}}}`");
            let problem = Diagnostic::error("unknown_placeholder", word.span.clone(), message);
            let owner = owner(name);
            let near = closest(name, words.iter().copied()).filter(|_| owner.is_none());
            let problem = match near {
                Some(meant) => problem.labelled(format!("did you mean `{{{meant}}}`?")),
                None => problem,
            };
            let known: Vec<String> = words.iter().map(|word| format!("{{{word}}}")).collect();
            let known = known.join(" ");
            let known = match owner {
                Some(owner) => format!("only {owner} has one; known: {known}"),
                None => format!("known: {known}"),
            };
            let help = format!("{known}; write `{{{{{name}}}}}` for the text itself");
            problems.push(problem.help(help));
        }
    }
    sound.then_some(argv.value)
}

/// Who has a word that not everybody has.
fn owner(word: &str) -> Option<&'static str> {
    if ITEM_WORDS.contains(&word) {
        return Some("a task with `foreach`");
    }
    (word == ARM_WORD).then_some("a `[[hypothesis]]`")
}
