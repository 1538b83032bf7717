//! Gemini CLI: `-o json`, one document with `stats` or `error`; the latter may be on stderr. Qwen
//! Code, which comes from it, has the same `stats` in its result.

use serde_json::Value;

use super::super::agent_report::Tokens;
use super::event::{Event, at, count, text};
use super::findings::{Fault, Findings};

/// Takes in one document; whether it is one.
pub(super) fn read(event: &Event, findings: &mut Findings) -> bool {
    let stats = event.at(&["stats"]);
    if let Some(models) = at(stats, &["models"]).as_object() {
        let tokens = models.values().filter_map(|model| tokens(at(model, &["tokens"])));
        findings.tokens = tokens.reduce(Tokens::plus).or(findings.tokens);
    }
    let answered = event.at(&["response"]).is_string();
    findings.answered |= answered;
    let error = event.at(&["error"]);
    let has_kind = at(error, &["type"]).is_string() || !at(error, &["code"]).is_null();
    match text(at(error, &["message"])) {
        // On stderr there may be errors of others, before the answer or after it.
        Some(said) if has_kind && (answered || !findings.answered) => {
            findings.fault = Some(Fault::new(said).with_status(status(at(error, &["code"]))));
            true
        }
        Some(_) | None => {
            if answered {
                findings.fault = None;
            }
            answered || stats.is_object()
        }
    }
}

/// A number, also one that is written as a text.
fn status(code: &Value) -> Option<u64> {
    code.as_u64().or_else(|| code.as_str()?.parse().ok())
}

/// `prompt` includes those from the cache. What is written is the rest of the total: it depends on
/// the provider whether `candidates` includes what was thought.
fn tokens(tokens: &Value) -> Option<Tokens> {
    let number = |key| count(at(tokens, &[key]));
    let (prompt, cached, tool) = (number("prompt"), number("cached"), number("tool"));
    let written = match at(tokens, &["total"]).as_u64() {
        Some(total) => total.saturating_sub(prompt).saturating_sub(tool),
        None => number("candidates").saturating_add(number("thoughts")),
    };
    tokens.is_object().then(|| Tokens {
        input: prompt.saturating_sub(cached).saturating_add(tool),
        cached,
        output: written,
    })
}
