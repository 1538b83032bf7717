//! Coding agents that can be called without a terminal.

/// How a preset agent is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentPreset {
    /// Name for `agent = "…"`.
    pub name: &'static str,
    /// Program and arguments; the item `{prompt}` is replaced by the prompt, as one argument.
    pub argv: &'static [&'static str],
    /// What it reads.
    pub stdin: AgentInput,
    /// The form of what it writes.
    pub output: AgentFormat,
}

/// Standard input of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentInput {
    /// `/dev/null`: several agents wait for a pipe or a terminal to end.
    Null,
}

/// What an agent tells of its own work, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentFormat {
    /// One event per line; the last one is the result.
    Claude,
    /// One event per line; turns are completed or failed.
    Codex,
    /// One document over many lines.
    Gemini,
    /// One event per line; each step has its own numbers.
    Opencode,
    /// One list of events; the last one is the result.
    Qwen,
    /// Sentences.
    Aider,
}

impl AgentPreset {
    /// Program and arguments with the prompt in place. The prompt's own braces mean nothing; one
    /// that starts with `-` gets a line feed before it, so that no agent takes it for an option.
    pub fn argv_with(&self, prompt: &str) -> Vec<String> {
        let prompt =
            if prompt.starts_with('-') { format!("\n{prompt}") } else { prompt.to_owned() };
        let word =
            |word: &&str| if *word == "{prompt}" { prompt.clone() } else { (*word).to_owned() };
        self.argv.iter().map(word).collect()
    }
}

const PRESETS: [AgentPreset; 6] = [
    AgentPreset {
        name: "claude",
        argv: &[
            "claude",
            "-p",
            "{prompt}",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-mode",
            "acceptEdits",
        ],
        stdin: AgentInput::Null,
        output: AgentFormat::Claude,
    },
    AgentPreset {
        name: "codex",
        argv: &["codex", "exec", "--json", "-s", "workspace-write", "{prompt}"],
        stdin: AgentInput::Null,
        output: AgentFormat::Codex,
    },
    AgentPreset {
        name: "gemini",
        argv: &["gemini", "-p", "{prompt}", "--yolo", "--skip-trust", "-o", "json"],
        stdin: AgentInput::Null,
        output: AgentFormat::Gemini,
    },
    AgentPreset {
        name: "opencode",
        argv: &["opencode", "run", "--format", "json", "--auto", "{prompt}"],
        stdin: AgentInput::Null,
        output: AgentFormat::Opencode,
    },
    AgentPreset {
        name: "qwen",
        argv: &["qwen", "-p", "{prompt}", "--yolo", "--output-format", "json"],
        stdin: AgentInput::Null,
        output: AgentFormat::Qwen,
    },
    AgentPreset {
        name: "aider",
        argv: &[
            "aider",
            "--message",
            "{prompt}",
            "--yes-always",
            "--no-check-update",
            "--analytics-disable",
            "--no-gitignore",
            "--no-auto-commits",
            "--no-pretty",
            "--no-stream",
        ],
        stdin: AgentInput::Null,
        output: AgentFormat::Aider,
    },
];

/// The preset of that name.
pub fn agent_preset(name: &str) -> Option<&'static AgentPreset> {
    agent_presets().iter().find(|preset| preset.name == name)
}

/// All presets.
pub fn agent_presets() -> &'static [AgentPreset] {
    &PRESETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_is_a_list_is_not_an_option() {
        let argv = PRESETS[0].argv_with("- fix the test");
        assert_eq!(argv[2], "\n- fix the test");
    }

    #[test]
    fn every_preset_gets_its_prompt_as_one_argument() {
        let prompt = "fix {id}; $(rm -rf /) \"now\"\n";
        for preset in agent_presets() {
            let argv = preset.argv_with(prompt);
            assert_eq!(argv.iter().filter(|word| *word == prompt).count(), 1, "{}", preset.name);
            assert_eq!(argv[0], preset.name);
            assert_eq!(agent_preset(preset.name), Some(preset));
        }
        assert_eq!(agent_preset("cursor"), None);
    }
}
