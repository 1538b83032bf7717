//! What a Rust source says about itself: which paths it names, what it defines, where its tests
//! start.
//!
//! Works on the token trees of `proc-macro2`: comments and strings do not count, and what is
//! written inside a macro call counts like any other code (a syntax tree would leave it unread).

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// One file as the rules see it.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the package, with `/`.
    pub(crate) path: String,
    /// Where the file stands in its crate: `["domain", "task"]` for `src/domain/task/mod.rs`.
    pub(crate) module: Vec<String>,
    /// The whole file is compiled for tests only.
    pub(crate) test_only: bool,
    /// Number of lines.
    pub(crate) lines: usize,
    /// In the order of the file.
    pub(crate) facts: Vec<Fact>,
}

/// Something a rule may object to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// From 1.
    pub(crate) line: usize,
    /// Inside of `#[cfg(test)]`.
    pub(crate) test: bool,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A path of the own crate, absolute: `domain::id::Oid` is `["domain", "id", "Oid"]`. A glob
    /// ends with `*`.
    Own(Vec<String>),
    /// Any other path as it is written; the first part may be a crate or a local name.
    Path(Vec<String>),
    /// `name!(…)`.
    Macro(String),
    /// A function outside of a trait implementation.
    Function(String),
    /// `mod name;` or `mod name { … }`.
    Module { name: String, inline: bool },
}

impl Source {
    /// Reads one file; the error is the place and words of the tokenizer.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, (usize, String)> {
        let stream = TokenStream::from_str(text)
            .map_err(|error| (error.span().start().line, error.to_string()))?;
        let module = module_of(path);
        let mut walk = Walk { facts: Vec::new() };
        walk.items(stream, &Scope { module: module.clone(), test: false, in_trait: false });
        let lines = text.lines().count();
        Ok(Self { path: path.to_owned(), module, test_only: false, lines, facts: walk.facts })
    }
}

/// Marks the files which the others declare as `#[cfg(test)] mod name;`, and what is below these.
pub(crate) fn mark_test_files(sources: &mut [Source]) {
    let mut tests = BTreeSet::new();
    for source in sources.iter() {
        for fact in source.facts.iter().filter(|fact| fact.test) {
            if let Kind::Module { name, inline: false } = &fact.kind {
                tests.insert((crate_of(&source.path), below(&source.module, name)));
            }
        }
    }
    for source in sources {
        let root = crate_of(&source.path);
        source.test_only = (1..=source.module.len())
            .any(|depth| tests.contains(&(root.clone(), source.module[..depth].to_vec())));
        for fact in &mut source.facts {
            fact.test |= source.test_only;
        }
    }
}

/// The top folder of a path, which keeps the modules of the library and of the tests apart.
fn crate_of(path: &str) -> String {
    path.split('/').next().unwrap_or_default().to_owned()
}

fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once('/').map_or(path, |(_, inside)| inside);
    let mut parts: Vec<String> =
        inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main"))
        && inside != "main.rs"
    {
        parts.pop();
    }
    parts
}

fn below(module: &[String], name: &str) -> Vec<String> {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

#[derive(Clone)]
struct Scope {
    module: Vec<String>,
    test: bool,
    in_trait: bool,
}

struct Walk {
    facts: Vec<Fact>,
}

impl Walk {
    fn add(&mut self, at: &TokenTree, scope: &Scope, kind: Kind) {
        self.facts.push(Fact { line: at.span().start().line, test: scope.test, kind });
    }

    /// Any run of tokens: items, statements, expressions, the inside of a macro call.
    fn items(&mut self, stream: TokenStream, scope: &Scope) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        self.tokens(&tokens, scope);
    }

    fn tokens(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let mut scope = scope.clone();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += match &rest[0] {
                TokenTree::Punct(hash) if hash.as_char() == '#' => self.attribute(rest, &mut scope),
                TokenTree::Group(group) => {
                    self.items(group.stream(), &scope.inside(false));
                    1
                }
                TokenTree::Ident(word) => {
                    let before = (at > 0).then(|| &tokens[at - 1]);
                    self.word(&word.to_string(), rest, before, &scope)
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
        }
    }

    /// `#[…]` or `#![…]`; with `cfg(test)` the item behind it (or the rest) is for tests. Returns
    /// the number of tokens read.
    fn attribute(&mut self, rest: &[TokenTree], scope: &mut Scope) -> usize {
        let inner = rest.get(1).is_some_and(|token| is(token, '!'));
        let length = if inner { 3 } else { 2 };
        let Some(TokenTree::Group(group)) = rest.get(length - 1) else { return 1 };
        if !asks_for_test(group) {
            self.items(group.stream(), &scope.inside(false));
        } else if inner {
            scope.test = true;
        } else {
            let end = length + item_length(&rest[length..]);
            self.tokens(&rest[length..end], &Scope { test: true, ..scope.inside(false) });
            return end;
        }
        length
    }

    /// A word and what belongs to it. Returns the number of tokens read.
    fn word(
        &mut self,
        word: &str,
        rest: &[TokenTree],
        before: Option<&TokenTree>,
        scope: &Scope,
    ) -> usize {
        match (word, rest.get(1)) {
            ("use", Some(next)) if !is(next, '<') => {
                let end = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
                self.use_tree(&rest[1..end], &Written::default(), scope);
                end
            }
            // `pub(in crate::adapters)` names a path without using it.
            ("pub", Some(TokenTree::Group(_))) => 2,
            ("mod", Some(TokenTree::Ident(name))) => {
                self.module(&name.to_string(), rest, scope);
                if matches!(rest.get(2), Some(TokenTree::Group(_))) { 3 } else { 2 }
            }
            ("fn", Some(TokenTree::Ident(name))) => {
                if !scope.in_trait {
                    self.add(&rest[1], scope, Kind::Function(name.to_string()));
                }
                2
            }
            ("impl", Some(_)) => self.implementation(rest, scope),
            (_, Some(next))
                if is(next, '!') && matches!(rest.get(2), Some(TokenTree::Group(_))) =>
            {
                self.add(&rest[0], scope, Kind::Macro(word.to_owned()));
                2
            }
            _ if before.is_some_and(|token| is(token, '.')) => 1,
            _ => self.path(rest, before, scope),
        }
    }

    fn module(&mut self, name: &str, rest: &[TokenTree], scope: &Scope) {
        let body = match rest.get(2) {
            Some(TokenTree::Group(body)) => Some(body),
            _ => None,
        };
        let kind = Kind::Module { name: name.to_owned(), inline: body.is_some() };
        self.add(&rest[1], scope, kind);
        if let Some(body) = body {
            let module = below(&scope.module, name);
            self.items(body.stream(), &Scope { module, ..scope.inside(false) });
        }
    }

    /// `impl … { … }`, of a type or of a trait for a type; also `impl Trait` in a signature.
    fn implementation(&mut self, rest: &[TokenTree], scope: &Scope) -> usize {
        let stop = |token: &TokenTree| body(token).is_some() || is(token, ';');
        let Some(end) = rest.iter().position(stop) else { return 1 };
        let Some(block) = body(&rest[end]) else { return 1 };
        self.tokens(&rest[1..end], &scope.inside(false));
        let of_trait =
            rest[1..end].windows(2).any(|pair| word_is(&pair[0], "for") && !is(&pair[1], '<'));
        self.items(block.stream(), &scope.inside(of_trait));
        end + 1
    }

    /// `a::b::c` in code; a single word is no path.
    fn path(&mut self, rest: &[TokenTree], before: Option<&TokenTree>, scope: &Scope) -> usize {
        let mut parts = vec![rest[0].to_string()];
        let mut length = 1;
        while let [colon, second, TokenTree::Ident(part), ..] = &rest[length..]
            && is_joint(colon, ':')
            && is(second, ':')
        {
            parts.push(part.to_string());
            length += 3;
        }
        // Behind `<T as Trait>::` stands a name of that trait.
        if parts.len() > 1 && !before.is_some_and(|token| is(token, '.')) {
            let written = Written { parts };
            self.add(&rest[0], scope, written.resolve(&scope.module));
        }
        // A macro may end a path: `std::println!(…)`.
        if length > 1 && matches!(&rest[length..], [bang, TokenTree::Group(_), ..] if is(bang, '!'))
        {
            self.add(&rest[length - 1], scope, Kind::Macro(rest[length - 1].to_string()));
        }
        length
    }

    /// What stands between `use` and `;`, or between two commas of a nested list.
    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &Written, scope: &Scope) {
        let mut path = prefix.clone();
        for token in tokens {
            match token {
                TokenTree::Ident(word) if *word == "as" => break,
                TokenTree::Ident(word) if *word == "self" && !path.parts.is_empty() => {}
                TokenTree::Ident(word) => path.parts.push(word.to_string()),
                TokenTree::Punct(star) if star.as_char() == '*' => path.parts.push("*".to_owned()),
                TokenTree::Group(list) => {
                    let inside: Vec<TokenTree> = list.stream().into_iter().collect();
                    for tree in inside.split(|token| is(token, ',')).filter(|tree| !tree.is_empty())
                    {
                        self.use_tree(tree, &path, scope);
                    }
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(first) = tokens.first() {
            self.add(first, scope, path.resolve(&scope.module));
        }
    }
}

impl Scope {
    fn inside(&self, in_trait: bool) -> Self {
        Self { in_trait, ..self.clone() }
    }
}

/// A path as it is written.
#[derive(Debug, Clone, Default)]
struct Written {
    parts: Vec<String>,
}

impl Written {
    fn resolve(&self, module: &[String]) -> Kind {
        let mut parts = self.parts.iter().map(String::as_str).peekable();
        let mut base: Vec<String> = match parts.peek() {
            Some(&("crate" | "wt_orch")) => Vec::new(),
            Some(&("self" | "super")) => module.to_vec(),
            _ => return Kind::Path(self.parts.clone()),
        };
        for part in parts {
            match part {
                "crate" | "wt_orch" | "self" => {}
                "super" => drop(base.pop()),
                name => base.push(name.to_owned()),
            }
        }
        Kind::Own(base)
    }
}

/// Tokens of the item at the start: up to `;`, or to the end of its block.
fn item_length(tokens: &[TokenTree]) -> usize {
    let ends_with_semicolon = ["use", "const", "static", "type", "let"];
    let is_word = |token: &&TokenTree| matches!(token, TokenTree::Ident(word) if *word != "pub");
    let keyword = tokens.iter().find(is_word).map(TokenTree::to_string);
    let needs_semicolon = keyword.is_some_and(|word| ends_with_semicolon.contains(&word.as_str()))
        && !tokens.iter().take(6).any(|token| word_is(token, "fn"));
    let mut skip_attribute = false;
    for (index, token) in tokens.iter().enumerate() {
        if is(token, '#') {
            skip_attribute = true;
        } else if skip_attribute {
            skip_attribute = is(token, '!');
        } else if is(token, ';') || (!needs_semicolon && body(token).is_some()) {
            return index + 1;
        }
    }
    tokens.len()
}

/// `cfg(test)`, `cfg(all(test, …))`, but not `cfg(not(test))`.
fn asks_for_test(attribute: &Group) -> bool {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [TokenTree::Ident(name), TokenTree::Group(condition)] = tokens.as_slice() else {
        return false;
    };
    let has = |wanted: &str| words(condition.stream()).iter().any(|word| word == wanted);
    *name == "cfg" && has("test") && !has("not") && !has("any")
}

fn words(stream: TokenStream) -> Vec<String> {
    stream
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(word) => vec![word.to_string()],
            TokenTree::Group(group) => words(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
        })
        .collect()
}

fn body(token: &TokenTree) -> Option<&Group> {
    let TokenTree::Group(group) = token else { return None };
    (group.delimiter() == Delimiter::Brace).then_some(group)
}

fn is(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_joint(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct)
        if punct.as_char() == wanted && punct.spacing() == Spacing::Joint)
}

fn word_is(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if *word == wanted)
}
