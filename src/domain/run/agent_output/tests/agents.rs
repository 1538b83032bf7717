//! What each agent says in its own form.

use super::*;

fn limited(report: &AgentReport) -> Option<(String, Option<u64>)> {
    let limit = report.rate_limit.as_ref()?;
    assert!(report.error.is_some(), "a limit is an error: {report:?}");
    Some((limit.said.clone(), limit.retry_after.map(|wait| wait.as_secs())))
}

#[test]
fn claude_tells_all_of_its_models_and_the_cost() {
    let text = r#"{"type":"system","subtype":"init","model":"m"}
{"type":"assistant","message":{"usage":{"input_tokens":999,"output_tokens":999}}}
{"type":"result","subtype":"success","is_error":false,"result":"ok","total_cost_usd":0.00762,"usage":{"input_tokens":1,"output_tokens":1},"modelUsage":{"big":{"inputTokens":2000,"outputTokens":100,"cacheReadInputTokens":400,"cacheCreationInputTokens":50,"costUSD":0.007},"small":{"inputTokens":10,"outputTokens":5}}}
"#;
    let report = read(AgentFormat::Claude, true, text);
    assert_eq!(report.tokens, tokens(2060, 400, 105));
    assert_eq!((report.cost_micro_usd, report.error), (Some(7620), None));
}

#[test]
fn claude_without_an_end_has_no_numbers_and_an_end_with_an_error_is_one() {
    let text = r#"{"type":"assistant","message":{"usage":{"input_tokens":9}}}
{"type":"result","usage":{"input_tokens":7"#;
    assert_eq!(read(AgentFormat::Claude, false, text), AgentReport::default());
    for (event, said) in [
        (r#"{"type":"result","subtype":"success","is_error":true,"result":"no key"}"#, "no key"),
        (r#"{"type":"result","subtype":"error_max_turns","is_error":false}"#, "error_max_turns"),
        (r#"{"type":"result","subtype":"error_x","errors":["first","second"]}"#, "first"),
    ] {
        let report = read(AgentFormat::Claude, true, event);
        assert_eq!((report.error.as_deref(), report.rate_limit), (Some(said), None), "{event}");
    }
}

#[test]
fn claude_tells_of_limits_in_several_ways() {
    let result = |said: &str, more: &str| {
        format!(
            "{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":{said:?}{more}}}\n"
        )
    };
    let told = |text: &str| limited(&read(AgentFormat::Claude, false, text)).map(|(_, wait)| wait);
    // 90 seconds after the end of the program.
    assert_eq!(told(&result("AI usage limit reached|1800000090", "")), Some(Some(90)));
    assert_eq!(
        told(&result("You've hit your session limit · resets 3:45pm (UTC)", "")),
        Some(None)
    );
    let nested = r#"API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}"#;
    assert_eq!(told(&result(nested, "")), Some(None));
    assert_eq!(told(&result("try later", ",\"api_error_status\":429")), Some(None));
    assert_eq!(told(&result("API Error: 500 in line 429x", "")), None);
    let window = "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":1800000600}}\n";
    assert_eq!(told(&(window.to_owned() + &result("weekly limit", ""))), Some(Some(600)));
    assert_eq!(told(window), None, "it may go on with what it has");
    // Stopped while it waited, and one that got through.
    let retry = "{\"type\":\"system\",\"subtype\":\"api_retry\",\"retry_delay_ms\":2500,\"error_status\":429,\"error\":\"slow down\"}\n";
    assert_eq!(told(retry), Some(Some(2)));
    assert_eq!(told(&format!("{retry}{{\"type\":\"assistant\"}}\n")), None);
}

#[test]
fn codex_counts_what_it_told_last_and_says_why_a_turn_failed() {
    let done = |input: u64| {
        format!(
            "{{\"type\":\"turn.completed\",\"usage\":{{\"input_tokens\":{input},\"cached_input_tokens\":200,\"output_tokens\":50,\"reasoning_output_tokens\":20}}}}\n"
        )
    };
    let retry =
        "{\"type\":\"error\",\"message\":\"Reconnecting... 1/5 (429 Too Many Requests)\"}\n";
    let report = read(AgentFormat::Codex, true, &(done(1000) + retry + &done(2000)));
    assert_eq!(report.tokens, tokens(1800, 200, 50));
    assert_eq!((report.error, report.rate_limit), (None, None));

    let failed = |message: &str| {
        let event = format!("{{\"type\":\"turn.failed\",\"error\":{{\"message\":{message:?}}}}}\n");
        read(AgentFormat::Codex, false, &event)
    };
    let told = |message: &str| limited(&failed(message)).map(|(_, wait)| wait);
    assert_eq!(told("exceeded retry limit, last status: 429 Too Many Requests"), Some(None));
    let long = "You've hit your usage limit. Try again in 3 days 6 hours 57 minutes.";
    assert_eq!(told(long), Some(Some(((3 * 24 + 6) * 60 + 57) * 60)));
    assert_eq!(told("You've hit your usage limit. Try again at 3:28 PM."), Some(None));
    assert_eq!(told("Rate limit reached: please try again in 11.054s."), Some(Some(11)));
    let report = failed("stream disconnected before completion");
    assert_eq!(report.error.as_deref(), Some("stream disconnected before completion"));
    assert_eq!(report.rate_limit, None);
    assert_eq!(told("insufficient_quota: 429, you exceeded your current quota"), None);
}

#[test]
fn gemini_has_one_document_over_many_lines_and_errors_on_the_other_stream() {
    let text = r#"Loaded cached credentials.
{
  "session_id": "s",
  "response": "done {\n[",
  "stats": {
    "models": {
      "pro": { "api": { "totalRequests": 2 }, "tokens": { "input": 1000, "prompt": 1500, "cached": 500, "candidates": 40, "thoughts": 10, "tool": 5, "total": 1555 } },
      "flash": { "tokens": { "prompt": 10, "candidates": 3, "thoughts": 1 } }
    },
    "tools": { "byName": {} }
  }
}
"#;
    let report = read(AgentFormat::Gemini, true, text);
    assert_eq!((report.tokens, report.error), (tokens(1015, 500, 54), None));
    let tool = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":429,\"message\":\"a tool's own\"}}\n";
    assert_eq!(read_both(AgentFormat::Gemini, true, text, tool).error, None);

    let error = |code: &str, message: &str| {
        let text = format!(
            "{{\n  \"session_id\": \"s\",\n  \"error\": {{\n    \"type\": \"Error\",\n    \"message\": {message:?},\n    \"code\": {code}\n  }}\n}}\n"
        );
        read_both(AgentFormat::Gemini, false, "", &text)
    };
    let report = error("41", "Please set an auth method");
    assert_eq!(report.error.as_deref(), Some("Please set an auth method"));
    assert_eq!(report.rate_limit, None);
    let report = error("429", "No capacity. Your quota will reset after 3h20m5s.");
    assert_eq!(limited(&report).unwrap().1, Some(3 * 3600 + 20 * 60 + 5));
    let nested = r#"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34s"}]}}"#;
    assert_eq!(limited(&error("1", nested)).unwrap().1, Some(34));
}

#[test]
fn opencode_is_summed_over_its_steps() {
    let step = r#"{"type":"step_finish","part":{"cost":0.0015,"tokens":{"total":9,"input":100,"output":20,"reasoning":5,"cache":{"read":30,"write":7}}}}"#;
    let free = step.replace("0.0015", "0");
    let report = read(AgentFormat::Opencode, true, &format!("{step}\n{step}\n{free}\n"));
    assert_eq!((report.tokens, report.cost_micro_usd), (tokens(321, 90, 75), Some(3000)));
    assert_eq!(read(AgentFormat::Opencode, true, &format!("{free}\n")).cost_micro_usd, None);

    let error = r#"{"type":"error","error":{"name":"APIError","data":{"message":"slow down","statusCode":429,"responseHeaders":{"retry-after":"17"}}}}"#;
    let report = read(AgentFormat::Opencode, true, &format!("{step}\n{error}\n"));
    assert_eq!(limited(&report), Some(("slow down".to_owned(), Some(17))));
    let report = read(AgentFormat::Opencode, true, &format!("{error}\n{step}\n"));
    assert_eq!((report.error, report.rate_limit), (None, None));
    let report =
        read(AgentFormat::Opencode, false, r#"{"type":"error","error":{"name":"Aborted"}}"#);
    assert_eq!(report.error.as_deref(), Some("Aborted"));
}

#[test]
fn qwen_ends_a_list_with_its_result() {
    let list = |result: &str| {
        format!(
            "[{{\"type\":\"system\",\"subtype\":\"init\"}},{{\"type\":\"assistant\",\"message\":{{\"usage\":{{\"input_tokens\":9}}}}}},{result}]\n"
        )
    };
    let text = list(
        r#"{"type":"result","subtype":"success","is_error":false,"result":"done","usage":{"input_tokens":120,"output_tokens":30,"cache_read_input_tokens":100},"stats":{"models":{"m":{"tokens":{"prompt":120,"candidates":30,"total":150,"cached":100,"thoughts":10,"tool":0}}}}}"#,
    );
    let report = read(AgentFormat::Qwen, true, &text);
    assert_eq!((report.tokens, report.error), (tokens(20, 100, 30), None));
    let text = list(
        r#"{"type":"result","subtype":"error_during_execution","is_error":true,"error":{"message":"429 status code (no body)"}}"#,
    );
    let said = "429 status code (no body)".to_owned();
    assert_eq!(limited(&read(AgentFormat::Qwen, false, &text)), Some((said, None)));
}

#[test]
fn aider_is_read_line_by_line() {
    let text = "Aider v0.86\nTokens: 1.2k sent, 50 received. Cost: $0.01 message, $0.01 session.\n> Tokens: 9k sent, 4k cache write, 3k cache hit, 1.5k received.\n> Cost: $0.06 message, $1.25 session. Use --no-stream for more.\n";
    let report = read(AgentFormat::Aider, true, text);
    assert_eq!((report.tokens, report.cost_micro_usd), (tokens(7200, 3000, 1550), Some(1_250_000)));
    let limit = "litellm.RateLimitError: RateLimitError: please try again in 2m30s\nThe API provider has rate limited you. Try again later.\nRetrying in 0.2 seconds...\n";
    let report = read(AgentFormat::Aider, true, &format!("{text}{limit}"));
    assert_eq!(limited(&report).unwrap().1, Some(150));
    let report = read(AgentFormat::Aider, true, &format!("{limit}{text}"));
    assert_eq!((report.error, report.rate_limit), (None, None));
    let report = read(AgentFormat::Aider, true, "litellm.AuthenticationError: no key\n");
    assert_eq!(report.error.as_deref(), Some("litellm.AuthenticationError: no key"));
}
