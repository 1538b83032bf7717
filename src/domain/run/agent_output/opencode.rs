//! OpenCode: `run --format json`. Every step has its own numbers.

use serde_json::Value;

use super::super::agent_report::Tokens;
use super::event::{Event, at, count, micro_usd, text};
use super::findings::{Fault, Findings};
use super::limit;

/// Takes in one event; whether it is one.
pub(super) fn read(event: &Event, findings: &mut Findings) -> bool {
    match event.kind() {
        "step_finish" => {
            let part = event.at(&["part"]);
            if let Some(tokens) = tokens(at(part, &["tokens"])) {
                findings.add_tokens(tokens);
            }
            // It says 0 for a model whose price it does not know.
            if let Some(cost) = micro_usd(at(part, &["cost"])).filter(|&cost| cost > 0) {
                findings.add_cost(cost);
            }
            findings.fault = None;
        }
        "error" => findings.fault = Some(fault(event.at(&["error"]))),
        "step_start" | "text" | "tool_use" | "reasoning" => {}
        _ => return false,
    }
    true
}

fn fault(error: &Value) -> Fault {
    let data = at(error, &["data"]);
    let said = text(at(data, &["message"])).or_else(|| text(at(error, &["name"])));
    let header = at(data, &["responseHeaders", "retry-after"]);
    let wait = text(header).and_then(|header| header.trim().parse().ok()).and_then(limit::seconds);
    let status = at(data, &["statusCode"]).as_u64();
    Fault::new(said.unwrap_or("an error")).with_status(status).with_wait(wait)
}

fn tokens(tokens: &Value) -> Option<Tokens> {
    let number = |path: &[&str]| count(at(tokens, path));
    tokens.is_object().then(|| Tokens {
        input: number(&["input"]).saturating_add(number(&["cache", "write"])),
        cached: number(&["cache", "read"]),
        output: number(&["output"]).saturating_add(number(&["reasoning"])),
    })
}
