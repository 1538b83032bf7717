//! `when`: from its text to a condition, with the place of what is wrong in it.

use std::ops::Range;

use super::value;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, closest, quoted};
use crate::domain::id::TaskId;
use crate::domain::task::{Compared, Condition, Ended, Fact};

/// Parentheses and `not`s within one another that are read.
const DEEPEST: usize = 32;

const FACTS: [&str; 4] = ["outcome", "exit_code", "changed", "output"];

const FORMS: &str = "write `task.ID.outcome == 'failed'`, `task.ID.exit_code > 1`, `task.ID.changed == \
                     true` or `task.ID.output contains 'text'`, joined by `and`, `or`, `not` and \
                     parentheses";

/// A condition with the tasks it names, in order.
pub(super) struct WrittenCondition {
    pub(super) condition: Condition,
    pub(super) tasks: Vec<Placed<String>>,
}

/// Reads `when` of a task; `text` is the whole file.
pub(super) fn read(
    table: &mut Table<'_>,
    text: &str,
    problems: &Problems,
) -> Option<WrittenCondition> {
    let written = value::text(table, "when", problems)?;
    let at = inside(text, &written);
    let place = |span: Range<usize>| match at {
        Some(start) => start + span.start..start + span.end,
        None => written.span.clone(),
    };
    match parse(&written.value) {
        Ok((condition, tasks)) => {
            let placed = |name: Placed<String>| Placed { span: place(name.span), ..name };
            Some(WrittenCondition { condition, tasks: tasks.into_iter().map(placed).collect() })
        }
        Err(fault) => {
            let problem = Diagnostic::error("bad_condition", place(fault.span), fault.message);
            let problem = match fault.meant {
                Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
                None => problem,
            };
            problems.push(problem.help(FORMS));
            None
        }
    }
}

/// Where the text within the quotes starts, when it has no escapes.
fn inside(text: &str, written: &Placed<String>) -> Option<usize> {
    let raw = text.get(written.span.clone())?;
    let starts = [1, 3, 4]
        .into_iter()
        .filter(|&from| raw.get(from..).is_some_and(|rest| rest.starts_with(&written.value)));
    starts.map(|from| written.span.start + from).next()
}

struct Fault {
    span: Range<usize>,
    message: String,
    meant: Option<String>,
}

impl Fault {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), meant: None }
    }

    fn unknown<'k>(
        span: Range<usize>,
        (what, word): (&str, &str),
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Self {
        let names: Vec<&str> = known.clone().into_iter().collect();
        let message = format!("{what} {} is none of {}", quoted(word), names.join(", "));
        Self { span, message, meant: closest(word, known).map(str::to_owned) }
    }
}

fn parse(text: &str) -> Result<(Condition, Vec<Placed<String>>), Fault> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, tasks: Vec::new() };
    let condition = parser.either(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok((condition, parser.tasks)),
        Some(left) => {
            let message = format!("`{}` is not expected here", &text[left.span.clone()]);
            Err(Fault::new(left.span.clone(), message))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Sign,
}

struct Token {
    kind: Kind,
    /// Quotes included.
    span: Range<usize>,
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let is_word = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if is_word(c) {
            (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
        } else if c == '\'' || c == '"' {
            let end = rest[1..]
                .find(c)
                .ok_or_else(|| Fault::new(at..text.len(), format!("there is no closing `{c}`")))?;
            (Kind::Quoted, end + 2)
        } else if rest.starts_with("==") || rest.starts_with("!=") {
            (Kind::Sign, 2)
        } else if "<>()".contains(c) {
            (Kind::Sign, 1)
        } else {
            let end = at + c.len_utf8();
            let mut fault = Fault::new(at..end, format!("`{c}` means nothing in a condition"));
            fault.meant = (c == '=').then(|| "==".to_owned());
            return Err(fault);
        };
        tokens.push(Token { kind, span: at..at + len });
        at += len;
    }
    Ok(tokens)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    tasks: Vec<Placed<String>>,
}

impl<'t> Parser<'t> {
    fn either(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut parts = vec![self.both(depth)?];
        while self.takes("or") {
            parts.push(self.both(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn both(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Condition, Fault> {
        if depth > DEEPEST {
            return Err(Fault::new(self.here(), "the condition is nested too deeply"));
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes("(") {
            let open = self.tokens[self.at - 1].span.clone();
            let inner = self.either(depth + 1)?;
            if !self.takes(")") {
                return Err(Fault::new(open, "there is no closing `)`"));
            }
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, Fault> {
        let (kind, word, span) = self.next("a fact about a task")?;
        let named = word.strip_prefix("task.").and_then(|rest| rest.rsplit_once('.'));
        let Some((name, fact)) = named.filter(|_| kind == Kind::Word) else {
            return Err(Fault::new(span, format!("`{word}` is no fact about a task")));
        };
        let id: TaskId = name.parse().map_err(|error| {
            Fault::new(span.clone(), format!("the id {} {error}", quoted(name)))
        })?;
        let at = span.start + "task.".len();
        self.tasks.push(Placed { value: name.to_owned(), span: at..at + name.len() });
        let fact_span = span.end - fact.len()..span.end;
        let (fact, holds) = match fact {
            "outcome" => self.outcome()?,
            "exit_code" => self.exit_code()?,
            "changed" => self.changed()?,
            "output" => (self.output()?, true),
            _ => return Err(Fault::unknown(fact_span, ("the fact", fact), FACTS)),
        };
        let condition = Condition::Task { task: id, fact };
        Ok(if holds { condition } else { Condition::Not(Box::new(condition)) })
    }

    fn outcome(&mut self) -> Result<(Fact, bool), Fault> {
        let holds = self.equality()?;
        let (word, span) = self.quoted("an outcome in quotes, such as 'failed'")?;
        let ended = Ended::WORDS.iter().find(|(known, _)| *known == word);
        let words = Ended::WORDS.map(|(known, _)| known);
        let (_, ended) = ended.ok_or_else(|| Fault::unknown(span, ("the outcome", word), words))?;
        Ok((Fact::Outcome(*ended), holds))
    }

    fn exit_code(&mut self) -> Result<(Fact, bool), Fault> {
        let (_, sign, span) = self.next("`==`, `!=`, `<` or `>`")?;
        let (compared, holds) = match sign {
            "==" => (Compared::Equal, true),
            "!=" => (Compared::Equal, false),
            "<" => (Compared::Less, true),
            ">" => (Compared::Greater, true),
            _ => return Err(Fault::new(span, "here must stand `==`, `!=`, `<` or `>`")),
        };
        let (_, number, span) = self.next("a whole number")?;
        let code = number
            .parse()
            .map_err(|_| Fault::new(span, format!("`{number}` is no whole number")))?;
        Ok((Fact::ExitCode(compared, code), holds))
    }

    fn changed(&mut self) -> Result<(Fact, bool), Fault> {
        let holds = self.equality()?;
        let (_, word, span) = self.next("`true` or `false`")?;
        match word {
            "true" => Ok((Fact::Changed, holds)),
            "false" => Ok((Fact::Changed, !holds)),
            _ => Err(Fault::new(span, "here must stand `true` or `false`")),
        }
    }

    fn output(&mut self) -> Result<Fact, Fault> {
        let (_, word, span) = self.next("`contains`")?;
        if word != "contains" {
            return Err(Fault::new(span, "of `output` only `contains '…'` can be asked"));
        }
        let (text, span) = self.quoted("a text in quotes")?;
        if text.is_empty() {
            return Err(Fault::new(span, "every output contains the empty text"));
        }
        Ok(Fact::Output(text.to_owned()))
    }

    /// `==` or `!=`.
    fn equality(&mut self) -> Result<bool, Fault> {
        let (_, sign, span) = self.next("`==` or `!=`")?;
        match sign {
            "==" => Ok(true),
            "!=" => Ok(false),
            _ => Err(Fault::new(span, "here must stand `==` or `!=`")),
        }
    }

    fn quoted(&mut self, wanted: &str) -> Result<(&'t str, Range<usize>), Fault> {
        let (kind, word, span) = self.next(wanted)?;
        match kind {
            Kind::Quoted => Ok((&word[1..word.len() - 1], span)),
            Kind::Word | Kind::Sign => Err(Fault::new(span, format!("here must stand {wanted}"))),
        }
    }

    fn next(&mut self, wanted: &str) -> Result<(Kind, &'t str, Range<usize>), Fault> {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(Fault::new(
                self.here(),
                format!("the condition ends where {wanted} must stand"),
            ));
        };
        self.at += 1;
        Ok((token.kind, &self.text[token.span.clone()], token.span.clone()))
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| {
            token.kind != Kind::Quoted && &self.text[token.span.clone()] == word
        });
        self.at += usize::from(found);
        found
    }

    /// The next token, else the last one.
    fn here(&self) -> Range<usize> {
        let last = self.tokens.get(self.at).or(self.tokens.last());
        last.map_or(0..self.text.len(), |token| token.span.clone())
    }
}

#[cfg(test)]
mod tests;
