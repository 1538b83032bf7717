//! Codex: `exec --json`. A turn is completed, with the totals of the session, or failed.

use serde_json::Value;

use super::super::agent_report::Tokens;
use super::event::{Event, at, count, text};
use super::findings::{Fault, Findings};

/// Takes in one event; whether it is one.
pub(super) fn read(event: &Event, findings: &mut Findings) -> bool {
    match event.kind() {
        "turn.completed" => {
            findings.tokens = usage(event.at(&["usage"])).or(findings.tokens);
            findings.fault = None;
        }
        "turn.failed" => fault(event.at(&["error", "message"]), "the turn failed", findings),
        // Also told while it goes on trying.
        "error" => fault(event.at(&["message"]), "an error", findings),
        kind => return ["thread.", "turn.", "item."].iter().any(|part| kind.starts_with(part)),
    }
    true
}

fn fault(message: &Value, otherwise: &str, findings: &mut Findings) {
    findings.fault = Some(Fault::new(text(message).unwrap_or(otherwise)));
}

/// `input_tokens` includes those from the cache, `output_tokens` those of the reasoning.
fn usage(usage: &Value) -> Option<Tokens> {
    let cached = count(at(usage, &["cached_input_tokens"]));
    usage.is_object().then(|| Tokens {
        input: count(at(usage, &["input_tokens"])).saturating_sub(cached),
        cached,
        output: count(at(usage, &["output_tokens"])),
    })
}
