//! The README says what is: its commands run, its examples parse, its tables are complete, and what
//! it shows was printed by the program.

mod markdown;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::harness::{Output, Repo};
use markdown::{anchors, blocks, links, table};
use wt_orch::cli::Exit;

const README: &str = include_str!("../../README.md");

/// Shell blocks that cannot run in a test: they build or test this very package.
const NOT_RUN: [&str; 2] = ["install", "check"];

/// One commit, as in any repository of a reader.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.file("a.txt", "a\n").commit("first");
    repo
}

/// The text of the one block of this kind.
fn block(language: &str, name: &str) -> String {
    let mut found = blocks(README).into_iter().filter(|b| b.language == language && b.name == name);
    let block = found.next().unwrap_or_else(|| panic!("no block `{language} {name}`"));
    assert!(found.next().is_none(), "two blocks `{language} {name}`");
    block.text
}

/// Runs a block word for word, with the program under test on the PATH. The first command that
/// fails ends it.
#[track_caller]
fn typed(repo: &Repo, script: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("wt-orch");
    #[expect(
        clippy::disallowed_methods,
        reason = "git and sh are found where the machine has them"
    )]
    let path = std::env::var_os("PATH").unwrap();
    let folders = [program.parent().unwrap().to_owned()];
    let path: OsString =
        std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path))).unwrap();
    repo.program("sh", &["-euc", script]).env("PATH", path).run()
}

#[test]
fn every_shell_block_is_run_or_is_left_out_by_name() {
    let blocks = blocks(README);
    let names: Vec<&str> = blocks.iter().filter(|b| b.language == "sh").map(|b| b.name).collect();
    let known: Vec<&str> = ["demo", "start", "json", "what-if", "forms", "race", "test"]
        .into_iter()
        .chain(NOT_RUN)
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>(), known.iter().collect());
    assert!(names.len() == known.len(), "a name is used twice: {names:?}");
    let languages: BTreeSet<&str> = blocks.iter().map(|block| block.language).collect();
    assert_eq!(languages, BTreeSet::from(["gitignore", "sh", "text", "toml"]));
}

#[test]
fn the_first_minute_goes_as_told_and_leaves_the_branch_where_it_was() {
    let repo = repository();
    let before = repo.git(&["rev-parse", "main"]);
    let output = typed(&repo, &block("sh", "start"));
    output.exit(0).stdout_has("landed 3 tasks").stdout_has("kept branch `feature/summary`");
    assert_eq!(repo.git(&["rev-parse", "main"]), before);
    assert_eq!(repo.git(&["status", "--short"]), "?? orchestrator.toml\n?? tasks.toml");
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);

    let output = typed(&repo, &block("sh", "json"));
    let documents = serde_json::Deserializer::from_str(output.exit(0).stdout())
        .into_iter()
        .collect::<Result<Vec<serde_json::Value>, _>>()
        .unwrap();
    assert_eq!(documents.len(), 3, "{output}");
    assert!(documents.iter().all(|document| document["schema"] == 1), "{output}");

    typed(&repo, &block("sh", "what-if")).exit(0).stdout_has("What if");
    typed(&repo, &block("sh", "forms")).exit(0).stdout_has("flowchart LR").stdout_has("set -eu");

    // Said below the block.
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(repo.git(&["branch", "--list"]), "* main");
}

#[test]
fn the_race_ends_as_told_and_its_winner_lands() {
    let repo = repository();
    let output = typed(&repo, &block("sh", "race"));
    output.exit(0).stdout_has("`comma` is proved").stdout_has("the comma is missing");
    assert_eq!(repo.read("greet.sh").as_deref(), Some("echo \"hello, $1\"\n"));
}

#[test]
fn modules_are_tested_as_told() {
    let repo = repository();
    let modules =
        "[test.modules.web]\nrun = \"test -e web/page\"\n[test.modules.api]\nrun = \"true\"\n";
    repo.file("orchestrator.toml", modules).file("web/page", "1\n").commit("modules");
    repo.wt_orch(&["config", "approve"]).exit(0);
    typed(&repo, &block("sh", "test")).exit(0).stdout_has("2 of 2 modules passed");
    assert!(repo.read("results.xml").unwrap().contains("<testsuite name=\"web\""));
}

#[test]
fn the_lines_of_worktreeinclude_mean_what_is_said() {
    let repo = repository();
    repo.file(".gitignore", ".env\ncerts/\n");
    repo.file(".worktreeinclude", &block("gitignore", ".worktreeinclude")).commit("include");
    repo.file(".env", "1\n").file("certs/a.pem", "2\n").file("certs/a.bak", "3\n");
    repo.wt_orch(&["init"]).exit(0);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(plan["carry"]["paths"], serde_json::json!([".env", "certs/"]));
    let load = &plan["carry"]["load"];
    let files = ["copied", "shared"].map(|way| load[way]["files"].as_u64().unwrap());
    assert_eq!(files[0] + files[1], 2);
}

#[test]
fn what_the_readme_shows_is_what_the_demo_prints() {
    let repo = Repo::without_git();
    let output = typed(&repo, &block("sh", "demo"));
    let printed = words(output.exit(0).stdout()) + &words(output.stderr());
    let shown: Vec<_> = blocks(README).into_iter().filter(|b| b.language == "text").collect();
    assert!(shown.len() >= 3);
    for block in shown {
        for line in block.text.lines().filter(|line| line.trim() != "…") {
            let line = words(line);
            assert!(printed.contains(&line), "block `{}`: not printed:{line}", block.name);
        }
    }
}

/// The words of a text, one space before each: without what differs from run to run, and without
/// the bars of charts, whose length does.
fn words(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = bare.len() == 10 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        if word.contains("wt-orch-demo-") {
            words += " PATH";
        } else if is_id {
            words += " ID";
        } else if word.contains(|c: char| c.is_ascii_digit()) {
            words.push(' ');
            let mut parts = word.split(|c: char| c.is_ascii_digit() || c == '.');
            words += parts.next().unwrap_or_default();
            words.push('N');
            parts.filter(|part| !part.is_empty()).for_each(|part| words += part);
        } else if !word.chars().all(|c| "█▒|".contains(c)) {
            words.push(' ');
            words += word.trim_matches(['█', '▒', '|']);
        }
    }
    words + " "
}

#[test]
fn the_examples_are_accepted_without_a_word() {
    let repo = repository();
    // The map-reduce example asks for folders.
    repo.file("crates/core/lib.rs", "core\n").commit("a crate");
    let examples: Vec<_> = blocks(README).into_iter().filter(|b| b.language == "toml").collect();
    assert!(examples.iter().any(|b| b.name == "tasks.toml"));
    assert!(examples.iter().any(|b| b.name == "orchestrator.toml"));
    for example in &examples {
        repo.file(example.name, &example.text);
        let settings = repo.wt_orch(&["config", "--yes"]);
        assert_eq!(settings.exit(0).stderr(), "");
        if example.name == "tasks.toml" {
            let checked = repo.wt_orch(&["check", example.name]);
            checked.exit(0).stdout_has("no problems");
            assert_eq!(checked.stderr(), "");
            repo.wt_orch(&["plan", example.name]).exit(0);
        } else if example.name == "race.toml" {
            repo.file("hypotheses/off-by-one.patch", "looked at by a race\n");
            let checked = repo.wt_orch(&["check", example.name]);
            checked.exit(0).stdout_has("4 hypotheses, no problems");
            assert_eq!(checked.stderr(), "");
        } else {
            assert_eq!(example.name, "orchestrator.toml");
            let path = repo.path(example.name);
            settings.stdout_has(&format!("  # {}\n", path.display()));
        }
    }
}

#[test]
fn the_table_of_commands_is_that_of_the_help() {
    let help = repository().wt_orch(&["--help"]);
    let commands = help.exit(0).stdout().lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    let rows = table(README, " Commands");
    let told: Vec<&str> = rows.iter().map(|row| row[0].split(' ').nth(1).unwrap()).collect();
    assert_eq!(told, commands);
}

#[test]
fn the_tables_of_keys_are_those_of_the_parser() {
    let repo = repository();
    repo.file(
        "t.toml",
        "zzz = 1\n[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\nzzz = 1\n",
    );
    let output = repo.wt_orch(&["check", "t.toml", "--json"]);
    let document = output.exit(2).stdout_json();
    let known: Vec<BTreeSet<&str>> = document["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|problem| problem["help"].as_str()?.strip_prefix("known keys: "))
        .map(|keys| keys.split(", ").collect())
        .collect();
    for (keys, heading) in known.iter().zip([" Keys of the file", " Keys of a task"]) {
        let rows = table(README, heading);
        let told: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches(['[', ']'])).collect();
        assert_eq!(told, *keys, "{heading}");
    }
    assert_eq!(known.len(), 2, "{output}");
}

#[test]
fn the_table_of_settings_has_every_key_with_its_built_in_value() {
    let repo = repository();
    let config = repo.command(&["config", "--json"]).env("WT_ORCH_PLAN_PROBE", "");
    let output = config.env("WT_ORCH_RUN_SHARE_HOST", "").run();
    let document = output.exit(0).stdout_json();
    let settings = document["settings"].as_array().unwrap();
    let mut built_in: Vec<(String, String)> = settings
        .iter()
        .map(|setting| {
            let text = |key: &str| setting[key].as_str().unwrap().to_owned();
            (text("key"), text("value"))
        })
        .collect();
    for (key, value) in &mut built_in {
        if ["run.env_deny", "integrate.pinned"].contains(&key.as_str()) {
            *value = format!("{} globs", value.split(", ").count());
        }
    }
    let told: Vec<(String, String)> = table(README, " Settings")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(told, built_in);
}

#[test]
fn the_table_of_exit_codes_is_complete() {
    let exits = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::NotLanded,
        Exit::Refused,
        Exit::Interrupted,
        Exit::Bug,
        Exit::Cancelled,
    ];
    let codes: Vec<String> = exits.map(|exit| exit.code().to_string()).to_vec();
    let rows = table(README, " Exit codes and JSON");
    assert_eq!(rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), codes);
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let anchors = anchors(README);
    let astray: Vec<&str> = links(README)
        .into_iter()
        .filter(|target| match target.strip_prefix('#') {
            Some(anchor) => !anchors.iter().any(|known| known == anchor),
            None => !root.join(target).exists(),
        })
        .collect();
    assert_eq!(astray, Vec::<&str>::new());
}

#[test]
fn the_help_reads_like_this() {
    let repo = Repo::without_git();
    insta::assert_snapshot!(repo.wt_orch(&["--help"]).snapshot(), @"
    $ wt-orch --help
    exit: 0
    --- stdout
    Split work across git worktrees only when it pays, and land only what merges and passes

    Usage: wt-orch [OPTIONS] <COMMAND>

    Commands:
      demo         Make a throw-away repository and take it through plan, split, integrate and undo
      init         Write a starter tasks.toml and orchestrator.toml
      check        Parse and validate a tasks file, nothing else
      plan         Show verdict, schedule and prediction; create nothing
      split        Decide, create worktrees, run the tasks, report
      race         Run competing hypotheses about a bug at once; one check decides
      test         Test modules at once: those that are found, or that are named
      status       Show where a run stands
      logs         Show what a run's tasks printed
      abort        Stop a run and cancel what has not finished; a second time, kill what does not stop
      resume       Continue a run that was interrupted or crashed; finish an abort that was cut off
      retry        Run tasks again, with everything that depends on them
      integrate    Merge, validate and land what a run has finished
      forecast     Say which branches will collide, any two of them; change nothing
      undo         Put a branch back to where it was before a landing
      operations   List landings and undos so far
      report       Show what happened in a run
      history      Show what past runs teach of durations; forget, export or import it
      clean        Remove what a run left; nothing dirty or unmerged without --force
      doctor       Show what wt-orch finds here, and whether libgit2 or the git program serves what
      config       List every setting with its origin; approve of what the repository's own settings run
      completions  Print completions for a shell
      man          Print the manual page, in roff

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
      -C <DIR>             Work as if started in DIR
          --config <FILE>  Read settings from FILE, over all other files
          --json           Print exactly one JSON document on stdout, at every exit
          --color <WHEN>   When to use colours: auto, always or never
      -q, --quiet          Print failures and results only
      -v, --verbose        Print every event, and all of a plan
          --yes            Answer every question with yes, and accept the commands and credentials that
                           the repository's own settings ask for

    Start with `wt-orch demo`, then `wt-orch init` in a repository of yours.
    ");
    insta::assert_snapshot!(repo.wt_orch(&["split", "--help"]).snapshot(), @"
    $ wt-orch split --help
    exit: 0
    --- stdout
    Decide, create worktrees, run the tasks, report

    Usage: wt-orch split [OPTIONS] <FILE>

    Arguments:
      <FILE>  The tasks file

    Options:
          --parallel[=<M>]  Overrule the verdict: side by side, with the best width, or with M slots
                            whatever the number of processor cores
          --sequential      Overrule the verdict: one worktree, one task after another
          --effort <TIME>   How long the search for a better schedule may take, such as `200ms`
                            (`plan.effort`)
          --seed <N>        Seed of the random draws (`plan.seed`). The search then ends after 1000
                            schedules, however long they take: same input and seed, same plan
          --integrate       At the end merge, validate and land what succeeded
          --fail-fast       Stop everything when the first task fails, as `fail_fast = true` in the file
                            does
      -h, --help            Print help

    Global options:
      -C <DIR>             Work as if started in DIR
          --config <FILE>  Read settings from FILE, over all other files
          --json           Print exactly one JSON document on stdout, at every exit
          --color <WHEN>   When to use colours: auto, always or never
      -q, --quiet          Print failures and results only
      -v, --verbose        Print every event, and all of a plan
          --yes            Answer every question with yes, and accept the commands and credentials that
                           the repository's own settings ask for
    ");
}
