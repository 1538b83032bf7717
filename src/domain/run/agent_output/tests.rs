use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::run::{RateLimit, Tokens};

mod agents;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub(super) fn read(format: AgentFormat, succeeded: bool, stdout: &str) -> AgentReport {
    read_both(format, succeeded, stdout, "")
}

pub(super) fn read_both(
    format: AgentFormat,
    succeeded: bool,
    stdout: &str,
    stderr: &str,
) -> AgentReport {
    let mut output = AgentOutput::new(format);
    output.take(0, stdout.as_bytes());
    output.take(1, stderr.as_bytes());
    output.finish(AgentExit { succeeded, at: NOW })
}

pub(super) fn tokens(input: u64, cached: u64, output: u64) -> Option<Tokens> {
    Some(Tokens { input, cached, output })
}

const FORMATS: [AgentFormat; 6] = [
    AgentFormat::Claude,
    AgentFormat::Codex,
    AgentFormat::Gemini,
    AgentFormat::Opencode,
    AgentFormat::Qwen,
    AgentFormat::Aider,
];

/// Text in which every agent finds something, among noise.
const MIXED: &str = concat!(
    "\u{1b}[2K\u{1b}[1mstarting\u{1b}[0m\n",
    "[warn] {\"type\":\"error\",\"message\":\"429\"}\r\n",
    "{\"type\":\"assistant\",\"message\":\"a \\\" { [ \\u00e9\"}\n",
    "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":30,\"cached_input_tokens\":10,\"output_tokens\":2}}\n",
    "{\"type\":\"step_finish\",\"part\":{\"cost\":0.5,\"tokens\":{\"input\":3,\"output\":4,\"reasoning\":1,\"cache\":{\"read\":2,\"write\":1}}}}\n",
    "{\"type\":\"result\",\"is_error\":tr\n",
    "[\n  {\"type\":\"result\",\"is_error\":false,\"usage\":{\"input_tokens\":7,\"output_tokens\":1}},\n {}]\n",
    "{\n  \"response\": \"done\",\n  \"stats\": {\n    \"models\": {\n      \"m\": {\n        \"tokens\": {\"prompt\": 9, \"cached\": 4, \"total\": 12}\n      }\n    }\n  }\n}\n",
    "Tokens: 1.2k sent, 50 received. Cost: $0.01 message, $0.02 session.\n",
    "{\"type\":\"error\",\"error\":{\"message\":\"cut",
);

fn in_chunks(format: AgentFormat, bytes: &[u8], sizes: &[usize]) -> AgentReport {
    let mut output = AgentOutput::new(format);
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, left) = rest.split_at((*size).clamp(1, rest.len()));
        output.take(0, chunk);
        rest = left;
    }
    output.finish(AgentExit { succeeded: false, at: NOW })
}

#[test]
fn every_agent_finds_its_own_numbers_among_the_others() {
    let found = FORMATS.map(|format| read(format, true, MIXED));
    assert_eq!(
        found.each_ref().map(|report| report.tokens),
        [
            tokens(7, 0, 1),
            tokens(20, 10, 2),
            tokens(5, 4, 3),
            tokens(4, 2, 5),
            tokens(5, 4, 3),
            tokens(1200, 0, 50),
        ]
    );
    assert_eq!(
        found.each_ref().map(|report| report.cost_micro_usd),
        [None, None, None, Some(500_000), None, Some(20_000)]
    );
    assert!(found.iter().all(|report| report.rate_limit.is_none() && report.error.is_none()));
}

#[test]
fn words_of_a_task_about_rate_limits_are_no_rate_limit() {
    let text = "HTTP 429 Too Many Requests: rate_limit_error, retry after 30s";
    let told = |event: &str| event.replace("TEXT", text);
    for (format, events) in [
        (
            AgentFormat::Claude,
            "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"is_error\":true,\"content\":\"TEXT\"}]}}\n{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"fixed: TEXT\"}\n",
        ),
        (
            AgentFormat::Codex,
            "{\"type\":\"item.completed\",\"item\":{\"type\":\"command_execution\",\"aggregated_output\":\"TEXT\",\"exit_code\":1}}\n{\"type\":\"item.completed\",\"item\":{\"type\":\"error\",\"message\":\"TEXT\"}}\n",
        ),
        (AgentFormat::Gemini, "{\n  \"response\": \"TEXT\"\n}\n"),
        (
            AgentFormat::Opencode,
            "{\"type\":\"tool_use\",\"part\":{\"state\":{\"status\":\"error\",\"error\":\"TEXT\"}}}\n{\"type\":\"text\",\"part\":{\"text\":\"TEXT\"}}\n",
        ),
        (
            AgentFormat::Qwen,
            "[{\"type\":\"assistant\",\"message\":{\"content\":[{\"text\":\"TEXT\"}]}}]\n",
        ),
        (AgentFormat::Aider, "I added a test for TEXT\nTokens: 1k sent, 2 received.\nTEXT\n"),
    ] {
        let report = read(format, false, &told(events));
        assert_eq!((report.rate_limit, report.error), (None, None), "{format:?}");
    }
}

#[test]
fn one_that_dies_before_its_first_event_is_believed_what_it_printed() {
    for format in FORMATS {
        let words = "loading\nError: 429 Too Many Requests (retry-after: 20)\nbye\n";
        let report = read_both(format, false, "", words);
        let said = "Error: 429 Too Many Requests (retry-after: 20)".to_owned();
        let limit = RateLimit { said, retry_after: Some(Duration::from_secs(20)) };
        assert_eq!(report.rate_limit, Some(limit), "{format:?}");
        assert_eq!(read_both(format, true, "", words), AgentReport::default(), "{format:?}");
    }
}

#[test]
fn what_is_said_is_one_short_line_without_control_characters() {
    let said = format!("a\\u001b[31m\\n\\tb {}", "é".repeat(1000));
    let event = format!("{{\"type\":\"turn.failed\",\"error\":{{\"message\":\"{said}\"}}}}\n");
    let error = read(AgentFormat::Codex, false, &event).error.unwrap();
    assert!(error.starts_with("a b éé") && error.ends_with('…') && error.chars().count() < 250);
}

proptest! {
    #[test]
    fn where_output_is_cut_makes_no_difference(
        sizes in prop::collection::vec(1..40usize, 1..8),
        noise in prop::collection::vec((0..MIXED.len(), any::<u8>()), 0..6),
        format in 0..FORMATS.len(),
    ) {
        let mut bytes = MIXED.as_bytes().to_vec();
        for (at, byte) in noise {
            bytes[at] = byte;
        }
        let format = FORMATS[format];
        prop_assert_eq!(in_chunks(format, &bytes, &sizes), in_chunks(format, &bytes, &[usize::MAX]));
    }
}
