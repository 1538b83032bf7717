//! A reader of TOML that keeps the place of every value.
//!
//! Broken syntax gives one problem, the first: what follows it is guesswork. Sound syntax gives all
//! problems of type at once: a reader that meets a wrong type records it and goes on. A key nobody
//! asked for is an error, found when its table is [finished](Table::finish).

use std::cell::RefCell;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{Diagnostic, closest};

/// A value and where it stands in the source text (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Range<usize>,
}

impl<T> Placed<T> {
    /// The same place with another value.
    pub fn with<U>(&self, value: U) -> Placed<U> {
        Placed { value, span: self.span.clone() }
    }
}

/// What was found wrong so far; shared by all readers of one text.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Diagnostic>>);

impl Problems {
    /// Records a problem.
    pub fn push(&self, problem: Diagnostic) {
        self.0.borrow_mut().push(problem);
    }

    /// Everything recorded.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0.into_inner()
    }
}

/// A TOML text whose syntax is sound.
pub struct Document<'t> {
    root: DeTable<'t>,
}

impl<'t> Document<'t> {
    /// Parses a text; the error is its first fault of syntax.
    pub fn parse(text: &'t str) -> Result<Self, Diagnostic> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let place = |error: &toml::de::Error| error.span().unwrap_or(text.len()..text.len());
        match errors.iter().min_by_key(|error| place(error).start) {
            None => Ok(Self { root: root.into_inner() }),
            Some(first) => Err(Diagnostic::error("syntax", place(first), first.message())),
        }
    }

    /// The outermost table.
    pub fn root<'d>(&'d self, problems: &'d Problems) -> Table<'d> {
        Table {
            name: String::new(),
            span: 0..0,
            entries: &self.root,
            asked: Vec::new(),
            refused: Vec::new(),
            problems,
        }
    }
}

/// One table being read. [`Table::finish`] must be called on it.
#[must_use = "unknown keys are reported by `finish`"]
pub struct Table<'d> {
    name: String,
    span: Range<usize>,
    entries: &'d DeTable<'d>,
    asked: Vec<&'static str>,
    refused: Vec<&'static str>,
    problems: &'d Problems,
}

impl<'d> Table<'d> {
    /// Where its header (or its braces) stands; empty for the outermost table.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The place of a key, if it is there, with whatever value.
    pub fn key(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// Reports a key that tables of this kind must not have; `finish` does not name it again.
    pub fn refuse(&mut self, key: &'static str, why: &str, help: &str) {
        self.refused.push(key);
        if let Some(span) = self.key(key) {
            self.problems.push(Diagnostic::error("refused_key", span, why).help(help));
        }
    }

    /// A string.
    pub fn string(&mut self, key: &'static str) -> Option<Placed<String>> {
        self.read(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A list of strings, each with its place.
    pub fn strings(&mut self, key: &'static str) -> Option<Placed<Vec<Placed<String>>>> {
        let list = self.read(key, "a list of strings", |value| value.as_array())?;
        let items = list.value.iter().filter_map(|item| {
            let text = item.get_ref().as_str().map(str::to_owned);
            if text.is_none() {
                self.wrong_type(&format!("an item of `{key}`"), "a string", item.span(), item);
            }
            text.map(|value| Placed { value, span: item.span() })
        });
        Some(Placed { value: items.collect(), span: list.span })
    }

    /// A string, or a list of strings: each with its place.
    pub fn one_or_more(&mut self, key: &'static str) -> Option<Placed<Vec<Placed<String>>>> {
        if self.entries.get(key).is_some_and(|value| value.get_ref().as_str().is_some()) {
            let one = self.string(key)?;
            return Some(Placed { span: one.span.clone(), value: vec![one] });
        }
        self.strings(key)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<Placed<bool>> {
        self.read(key, "`true` or `false`", DeValue::as_bool)
    }

    /// A whole number in the given range, both ends included.
    pub fn integer(&mut self, key: &'static str, within: (u64, u64)) -> Option<Placed<u64>> {
        let number = self.read(key, "a whole number", whole_number)?;
        self.in_range(key, number, within)
    }

    /// A number, whole or not; `inf` and `nan` are numbers to TOML.
    pub fn number(&mut self, key: &'static str) -> Option<Placed<f64>> {
        self.read(key, "a number", |value| match value.as_float() {
            Some(number) => number.as_str().parse().ok(),
            None => whole_number(value).map(|number| number as f64),
        })
    }

    /// A table of strings under names the user chose.
    pub fn string_map(
        &mut self,
        key: &'static str,
    ) -> Option<Vec<(Placed<String>, Placed<String>)>> {
        self.map(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A table of whole numbers in the given range under names the user chose.
    pub fn integer_map(
        &mut self,
        key: &'static str,
        within: (u64, u64),
    ) -> Option<Vec<(Placed<String>, Placed<u64>)>> {
        let entries = self.map(key, "a whole number", whole_number)?;
        let sound = |(name, number): (Placed<String>, Placed<i128>)| {
            let number = self.in_range(&name.value, number, within)?;
            Some((name, number))
        };
        Some(entries.into_iter().filter_map(sound).collect())
    }

    /// A table with keys of its own.
    pub fn table(&mut self, key: &'static str) -> Option<Self> {
        let table = self.read(key, "a table", DeValue::as_table)?;
        Some(self.inner(self.title_of(key), table.span, table.value))
    }

    /// Tables with keys of their own under names the user chose, as in `[persona.NAME]`.
    pub fn table_map(&mut self, key: &'static str) -> Option<Vec<(Placed<String>, Self)>> {
        let entries = self.map(key, "a table", DeValue::as_table)?;
        let inner = |(name, table): (Placed<String>, Placed<&'d DeTable<'d>>)| {
            let title = self.title_of(&format!("{key}.{}", name.value));
            (name, self.inner(title, table.span, table.value))
        };
        Some(entries.into_iter().map(inner).collect())
    }

    /// An array of tables, as in `[[task]]`; empty when absent.
    pub fn tables(&mut self, key: &'static str) -> Vec<Self> {
        self.tables_like(key, None)
    }

    /// See [`Self::tables`]; `form` is what one of them looks like, for who wrote something shorter.
    pub fn tables_like(&mut self, key: &'static str, form: Option<&str>) -> Vec<Self> {
        self.asked.push(key);
        let Some(value) = self.entries.get(key) else { return Vec::new() };
        let title = format!("[[{key}]]");
        let Some(array) = value.get_ref().as_array() else {
            let subject = format!("`{key}`");
            let problem = wrong_type(&subject, "an array of tables", value.span(), value.get_ref());
            self.problems.push(problem.help(match form {
                Some(form) => format!("write `{key} = [{form}]`, or the header `{title}`"),
                None => format!("write the header as `{title}`"),
            }));
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(array.len());
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(self.inner(title.clone(), item.span(), table)),
                None => {
                    let subject = format!("an item of `{key}`");
                    let problem = wrong_type(&subject, "a table", item.span(), item.get_ref());
                    self.problems.push(match form {
                        Some(form) => problem.help(format!("write it as `{form}`")),
                        None => problem,
                    });
                }
            }
        }
        tables
    }

    /// Reports every key that was not asked for. The result is the known keys that were probably
    /// meant: a reader need not miss these as well.
    pub fn finish(self) -> Vec<&'static str> {
        let mut meant_keys = Vec::new();
        let asked = self.asked.iter().copied().filter(|key| !self.refused.contains(key));
        let asked: Vec<&'static str> = asked.collect();
        for (key, _) in self.entries.iter() {
            let name: &str = key.get_ref();
            if asked.contains(&name) || self.refused.contains(&name) {
                continue;
            }
            let place =
                if self.name.is_empty() { String::new() } else { format!(" in `{}`", self.name) };
            let problem = Diagnostic::error(
                "unknown_key",
                key.span(),
                format!("unknown key `{name}`{place}"),
            );
            let problem = match closest(name, asked.iter().copied()) {
                Some(meant) => {
                    meant_keys.push(meant);
                    problem.labelled(format!("did you mean `{meant}`?"))
                }
                None => problem,
            };
            self.problems.push(problem.help(format!("known keys: {}", asked.join(", "))));
        }
        meant_keys
    }

    /// `[test.modules]` of the table `[test]`.
    fn title_of(&self, key: &str) -> String {
        let own = self.name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        match own.filter(|own| !own.starts_with('[')) {
            Some(own) => format!("[{own}.{key}]"),
            None => format!("[{key}]"),
        }
    }

    fn inner(&self, name: String, span: Range<usize>, entries: &'d DeTable<'d>) -> Self {
        let problems = self.problems;
        Self { name, span, entries, asked: Vec::new(), refused: Vec::new(), problems }
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        convert: impl Fn(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<Placed<T>> {
        self.asked.push(key);
        let found = self.entries.get(key)?;
        let converted = convert(found.get_ref());
        if converted.is_none() {
            self.wrong_type(&format!("`{key}`"), wanted, found.span(), found);
        }
        converted.map(|value| Placed { value, span: found.span() })
    }

    fn map<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        convert: impl Fn(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<Vec<(Placed<String>, Placed<T>)>> {
        let table = self.read(key, "a table", DeValue::as_table)?;
        let mut entries = Vec::with_capacity(table.value.len());
        for (name, found) in table.value.iter() {
            let Some(value) = convert(found.get_ref()) else {
                let subject = format!("`{}` in `{key}`", name.get_ref());
                self.wrong_type(&subject, wanted, found.span(), found);
                continue;
            };
            let name = Placed { value: name.get_ref().to_string(), span: name.span() };
            entries.push((name, Placed { value, span: found.span() }));
        }
        Some(entries)
    }

    fn in_range(
        &self,
        key: &str,
        number: Placed<i128>,
        (least, most): (u64, u64),
    ) -> Option<Placed<u64>> {
        let value = u64::try_from(number.value).ok().filter(|value| (least..=most).contains(value));
        if value.is_none() {
            let text = if most == u64::MAX {
                format!("`{key}` must be {least} or more")
            } else {
                format!("`{key}` must lie between {least} and {most}")
            };
            self.problems.push(Diagnostic::error("out_of_range", number.span.clone(), text));
        }
        value.map(|value| Placed { value, span: number.span })
    }

    fn wrong_type(
        &self,
        subject: &str,
        wanted: &str,
        span: Range<usize>,
        found: &toml::Spanned<DeValue<'_>>,
    ) {
        self.problems.push(wrong_type(subject, wanted, span, found.get_ref()));
    }
}

fn wrong_type(subject: &str, wanted: &str, span: Range<usize>, found: &DeValue<'_>) -> Diagnostic {
    let text = wanted == "a string";
    let quotes = "put it in quotes, with its unit if it has one";
    let (found, help) = match found {
        DeValue::String(_) if wanted.starts_with("a list") => {
            ("a string", Some("put it in brackets: `[\"…\"]`"))
        }
        DeValue::String(_) => ("a string", (wanted != "a table").then_some("leave out the quotes")),
        DeValue::Integer(_) => ("a whole number", text.then_some(quotes)),
        DeValue::Float(_) => ("a fraction", text.then_some(quotes)),
        DeValue::Boolean(_) => ("`true` or `false`", text.then_some("put it in quotes")),
        DeValue::Datetime(_) => ("a date or time", text.then_some("put it in quotes")),
        DeValue::Array(_) => ("a list", None),
        DeValue::Table(_) => ("a table", None),
    };
    let message = format!("{subject} must be {wanted}, not {found}");
    let problem = Diagnostic::error("wrong_type", span, message);
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

fn whole_number(value: &DeValue<'_>) -> Option<i128> {
    value.as_integer().map(|n| {
        let number = i128::from_str_radix(n.as_str(), n.radix());
        // Only the sign and the size matter of a number beyond 128 bits.
        number.unwrap_or(if n.as_str().starts_with('-') { i128::MIN } else { i128::MAX })
    })
}

#[cfg(test)]
mod tests;
