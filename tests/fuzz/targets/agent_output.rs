//! Any bytes as an agent's output. The first byte chooses the agent, the second how the rest is cut:
//! whatever is found must not depend on that.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wt_orch::domain::run::{AgentExit, AgentOutput, AgentReport};
use wt_orch::domain::task::{AgentFormat, agent_presets};
use wt_orch::domain::time::Timestamp;

fuzz_target!(|data: &[u8]| {
    let [agent, size, output @ ..] = data else { return };
    let presets = agent_presets();
    let format = presets[usize::from(*agent) % presets.len()].output;
    let (stdout, stderr) = output.split_at(output.len() - output.len() / 4);
    let whole = read(format, [stdout, stderr], usize::MAX);
    assert_eq!(whole, read(format, [stdout, stderr], usize::from(*size).max(1)));
    assert!(whole.rate_limit.is_none() || whole.error.is_some(), "a limit is an error");
    let said = whole.error.unwrap_or_default();
    assert!(!said.contains(char::is_control) && said.chars().count() < 300);
});

fn read(format: AgentFormat, streams: [&[u8]; 2], size: usize) -> AgentReport {
    let mut output = AgentOutput::new(format);
    for (stream, bytes) in streams.into_iter().enumerate() {
        bytes.chunks(size).for_each(|chunk| output.take(stream, chunk));
    }
    output.finish(AgentExit { succeeded: false, at: Timestamp(1_800_000_000_000) })
}
