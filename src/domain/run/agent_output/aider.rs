//! Aider: text. After each answer a line `Tokens: 1.2k sent, 50 received. Cost: $0.01 message, $0.02
//! session.`; numbers as it rounds them.

use super::super::agent_report::Tokens;
use super::findings::{Fault, Findings};

/// Takes in one line; whether it is one of its own.
pub(super) fn read(line: &str, findings: &mut Findings) -> bool {
    let line = line.trim_start_matches(['>', ' ']);
    if let Some(numbers) = line.strip_prefix("Tokens: ") {
        let (tokens, cost) = numbers.split_once("Cost: ").unwrap_or((numbers, ""));
        let Some(tokens) = sent_and_received(tokens) else { return false };
        findings.add_tokens(tokens);
        findings.fault = None;
        read_cost(cost, findings);
        return true;
    }
    if let Some(cost) = line.strip_prefix("Cost: ") {
        return read_cost(cost, findings);
    }
    // The library through which it calls models names its errors in front of their text.
    let failed = line.starts_with("litellm.") && line.contains("Error");
    if failed {
        findings.fault = Some(Fault::new(line));
    }
    failed
}

/// The cost of the session is a running total.
fn read_cost(text: &str, findings: &mut Findings) -> bool {
    let session = text.split(',').find(|part| part.contains("session"));
    let dollars = session.and_then(|part| part.trim().strip_prefix('$')?.split(' ').next());
    let dollars = dollars.and_then(|dollars| dollars.replace(',', "").parse().ok());
    let Some(cost) = dollars.and_then(super::event::micro_usd_of) else { return false };
    findings.cost_micro_usd = Some(cost);
    true
}

/// `9.6k sent, 4k cache write, 3k cache hit, 50 received.` What was sent includes the rest.
fn sent_and_received(text: &str) -> Option<Tokens> {
    let mut tokens = Tokens::default();
    for part in text.trim().trim_end_matches('.').split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number = rounded(number)?;
        match what.trim() {
            "sent" => tokens.input = number,
            "cache hit" => tokens.cached = number,
            "received" => tokens.output = number,
            _ => {}
        }
    }
    Some(Tokens { input: tokens.input.saturating_sub(tokens.cached), ..tokens })
}

/// `50`, `1.2k`, `3M`.
fn rounded(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |digits| (digits, 1e6)),
    };
    let number: f64 = digits.replace(',', "").parse().ok()?;
    (0.0..=1e9).contains(&number).then(|| (number * unit).round() as u64)
}
