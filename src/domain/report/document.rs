//! JSON documents: what they have in common, the small ones, and the schema of each.
//!
//! Fields may be added, never renamed. What is not known is `null`, never left out.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::clean_document::CleanDocument;
use super::forecast_document::ForecastDocument;
use super::history_document::{
    HistoryDocument, HistoryForgetDocument, HistoryImportDocument, HistoryWrittenDocument,
};
use super::history_exchange::HistoryExport;
use super::integrate_document::IntegrateDocument;
use super::plan_document::PlanDocument;
use super::race_document::RaceDocument;
use super::run_document::RunDocument;
use super::test_document::TestDocument;
use super::test_list_document::TestListDocument;
use crate::domain::id::{Oid, RunId};
use crate::domain::integrate::Question;
use crate::domain::time::Timestamp;

/// Version that every document carries as `schema`.
pub const SCHEMA: u32 = 1;

/// An error or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// Always 1.
    pub schema: u32,
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Stable name of the kind of error.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}

impl ErrorDocument {
    /// The document of an error.
    pub fn new(code: impl Into<String>, message: impl Into<String>, hint: Option<String>) -> Self {
        let error = ErrorBody { code: code.into(), message: message.into(), hint };
        Self { schema: SCHEMA, error }
    }
}

/// A movement of a ref, or anything else that `undo` can take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationEntry {
    /// Number that `undo` takes.
    pub id: u64,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What was done: `land`, `undo`, …
    pub kind: String,
    /// The ref that moved.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Where it stood.
    pub old: Option<Oid>,
    /// Where it was put.
    pub new: Option<Oid>,
    /// Run it belongs to.
    pub run: Option<RunId>,
    /// It was taken back.
    pub undone: bool,
}

impl OperationEntry {
    /// The text of a point in time as `at` has it.
    pub fn time_text(at: Timestamp) -> String {
        at.to_rfc3339()
    }
}

/// What `operations` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationsDocument {
    /// Always 1.
    pub schema: u32,
    /// Newest last.
    pub operations: Vec<OperationEntry>,
}

impl OperationsDocument {
    /// The document of a list of operations.
    pub fn new(operations: Vec<OperationEntry>) -> Self {
        Self { schema: SCHEMA, operations }
    }
}

/// What `undo` prints: the operation that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoDocument {
    /// Always 1.
    pub schema: u32,
    /// That operation, its fields beside `schema`.
    #[serde(flatten)]
    pub operation: OperationEntry,
}

impl UndoDocument {
    /// The document of an undone operation.
    pub fn new(operation: OperationEntry) -> Self {
        Self { schema: SCHEMA, operation }
    }
}

/// The JSON schema (draft 2020-12) of each document, by name.
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("plan", schema_of::<PlanDocument>()),
        ("run", schema_of::<RunDocument>()),
        ("integrate", schema_of::<IntegrateDocument>()),
        ("race", schema_of::<RaceDocument>()),
        ("forecast", schema_of::<ForecastDocument>()),
        ("operations", schema_of::<OperationsDocument>()),
        ("clean", schema_of::<CleanDocument>()),
        ("test", schema_of::<TestDocument>()),
        ("test-list", schema_of::<TestListDocument>()),
        ("undo", schema_of::<UndoDocument>()),
        ("history", schema_of::<HistoryDocument>()),
        ("history-export", schema_of::<HistoryExport>()),
        ("history-forget", schema_of::<HistoryForgetDocument>()),
        ("history-import", schema_of::<HistoryImportDocument>()),
        ("history-written", schema_of::<HistoryWrittenDocument>()),
        ("error", schema_of::<ErrorDocument>()),
        ("resolver-question", schema_of::<Question>()),
    ]
}

fn schema_of<T: JsonSchema>() -> serde_json::Value {
    // As written, not as read: optional fields are required and may be null.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    if let Some(version) = schema.pointer_mut("/properties/schema") {
        *version =
            serde_json::json!({ "const": SCHEMA, "description": "Version of the document." });
    }
    schema.to_value()
}

/// Seconds to the millisecond: what is below is noise, and short numbers read better.
pub(super) fn seconds(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_valid(name: &str, document: &impl Serialize) {
        let (_, schema) = schemas().into_iter().find(|(n, _)| *n == name).unwrap();
        let value = serde_json::to_value(document).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &value) {
            panic!("{name}: {error}\n{value:#}");
        }
    }

    fn operation() -> OperationEntry {
        OperationEntry {
            id: 3,
            at: OperationEntry::time_text(Timestamp(1_800_000_000_000)),
            kind: "land".to_owned(),
            reference: "refs/heads/main".to_owned(),
            old: Some("01".repeat(20).parse().unwrap()),
            new: Some("02".repeat(20).parse().unwrap()),
            run: None,
            undone: false,
        }
    }

    #[test]
    fn an_undo_has_the_fields_of_its_operation_beside_the_version() {
        let document = UndoDocument::new(operation());
        assert_valid("undo", &document);
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
        {
          "schema": 1,
          "id": 3,
          "at": "2027-01-15T08:00:00Z",
          "kind": "land",
          "ref": "refs/heads/main",
          "old": "0101010101010101010101010101010101010101",
          "new": "0202020202020202020202020202020202020202",
          "run": null,
          "undone": false
        }
        "#);
    }

    #[test]
    fn operations_and_errors_fit_their_schemas() {
        assert_valid("operations", &OperationsDocument::new(vec![operation()]));
        assert_valid("operations", &OperationsDocument::new(Vec::new()));
        let error = ErrorDocument::new("dirty_target", "`main` is dirty", None);
        assert_valid("error", &error);
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"schema":1,"error":{"code":"dirty_target","message":"`main` is dirty","hint":null}}"#
        );
    }

    #[test]
    fn a_schema_wants_every_field_and_the_version() {
        let (_, schema) = schemas().into_iter().find(|(name, _)| *name == "error").unwrap();
        let valid = |json: &str| {
            jsonschema::is_valid(&schema, &serde_json::from_str::<serde_json::Value>(json).unwrap())
        };
        assert!(valid(r#"{"schema":1,"error":{"code":"a","message":"b","hint":null}}"#));
        assert!(!valid(r#"{"schema":1,"error":{"code":"a","message":"b"}}"#));
        assert!(!valid(r#"{"schema":2,"error":{"code":"a","message":"b","hint":null}}"#));
    }
}
