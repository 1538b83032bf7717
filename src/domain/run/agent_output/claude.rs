//! Claude Code: `-p --output-format stream-json`. The last event, `result`, has the totals.

use serde_json::Value;

use super::super::agent_report::Tokens;
use super::event::{Event, at, count, micro_usd, text};
use super::findings::{Fault, Findings};
use super::limit;

/// Takes in one event; whether it is one.
pub(super) fn read(event: &Event, findings: &mut Findings) -> bool {
    match event.kind() {
        "result" => result(event, findings),
        "system" if event.at(&["subtype"]) == "api_retry" => retry(event, findings),
        "rate_limit_event" => {
            let info = event.at(&["rate_limit_info"]);
            let rejected = at(info, &["status"]) == "rejected";
            findings.limit_ends = at(info, &["resetsAt"]).as_i64().filter(|_| rejected);
        }
        // It got through after all.
        "assistant" => findings.fault = None,
        "system" | "user" => {}
        _ => return false,
    }
    true
}

fn result(event: &Event, findings: &mut Findings) {
    findings.tokens = per_model(event.at(&["modelUsage"]))
        .or_else(|| usage(event.at(&["usage"])))
        .or(findings.tokens);
    let cost = micro_usd(event.at(&["total_cost_usd"]));
    findings.cost_micro_usd = cost.or(findings.cost_micro_usd);
    let subtype = text(event.at(&["subtype"])).unwrap_or_default();
    let failed = event.at(&["is_error"]) == &Value::Bool(true) || subtype.starts_with("error");
    findings.answered |= !failed;
    findings.fault = failed.then(|| {
        let said = text(event.at(&["result"]))
            .or_else(|| text(event.at(&["error", "message"])))
            .or_else(|| text(event.at(&["errors"]).get(0)?))
            .unwrap_or(subtype);
        Fault::new(said).with_status(event.at(&["api_error_status"]).as_u64())
    });
}

/// It waits before it tries a call again. Stands until something follows: whoever stops the program
/// in that time wants to know why.
fn retry(event: &Event, findings: &mut Findings) {
    let said = text(event.at(&["error"])).unwrap_or("the call to its model failed");
    let wait = event.at(&["retry_delay_ms"]).as_f64().and_then(|ms| limit::seconds(ms / 1000.0));
    let status = event.at(&["error_status"]).as_u64();
    findings.fault = Some(Fault::new(said).with_status(status).with_wait(wait));
}

/// All models that it used, for itself and for helpers of its own.
fn per_model(models: &Value) -> Option<Tokens> {
    let of_one = |usage: &Value| Tokens {
        input: count(at(usage, &["inputTokens"]))
            .saturating_add(count(at(usage, &["cacheCreationInputTokens"]))),
        cached: count(at(usage, &["cacheReadInputTokens"])),
        output: count(at(usage, &["outputTokens"])),
    };
    models.as_object()?.values().map(of_one).reduce(Tokens::plus)
}

fn usage(usage: &Value) -> Option<Tokens> {
    usage.is_object().then(|| Tokens {
        input: count(at(usage, &["input_tokens"]))
            .saturating_add(count(at(usage, &["cache_creation_input_tokens"]))),
        cached: count(at(usage, &["cache_read_input_tokens"])),
        output: count(at(usage, &["output_tokens"])),
    })
}
