//! What a `package.json` says.

use std::collections::BTreeSet;

use serde_json::Value;

/// Kinds of dependencies.
const KINDS: [&str; 4] =
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// What npm writes where there are no tests.
const PLACEHOLDER: &str = "no test specified";

/// What matters here of a manifest whose syntax is sound.
#[derive(Debug, Default)]
pub(super) struct PackageJson {
    /// A name that is no option.
    pub(super) name: Option<String>,
    /// `packageManager`.
    pub(super) manager: Option<String>,
    /// Patterns of `workspaces`.
    pub(super) workspaces: Vec<String>,
    /// Names of what it depends on in any way.
    pub(super) uses: BTreeSet<String>,
    /// What is wrong, without the file's name.
    pub(super) faults: Vec<String>,
    test: Option<String>,
}

impl PackageJson {
    /// The error is a line and what is wrong there.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let told = error.to_string();
            let what = told.split(" at line ").next().unwrap_or_default();
            format!("{}: {what}", error.line().max(1))
        })?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut faults = Vec::new();
        let workspaces = match value.get("workspaces") {
            None => Some(Vec::new()),
            Some(Value::Object(table)) => table.get("packages").map_or(Some(Vec::new()), texts),
            Some(list) => texts(list),
        };
        if workspaces.is_none() {
            faults.push("`workspaces` is no list of texts".to_owned());
        }
        let names = |kind: &&str| value.get(kind).and_then(Value::as_object);
        let uses = KINDS.iter().filter_map(names).flat_map(|table| table.keys().cloned());
        let test = value.get("scripts").and_then(|scripts| scripts.get("test"));
        let test = test.and_then(Value::as_str).filter(|test| !test.trim().is_empty());
        Ok(Self {
            name: text("name").filter(|name| !name.is_empty() && !name.starts_with('-')),
            manager: text("packageManager"),
            workspaces: workspaces.unwrap_or_default(),
            uses: uses.collect(),
            faults,
            test: test.map(str::to_owned),
        })
    }

    /// The `test` script, unless it is what npm writes where there are no tests.
    pub(super) fn test(&self) -> Option<&str> {
        self.test.as_deref().filter(|test| !test.contains(PLACEHOLDER))
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}
