//! Settings, and the starter files.

use insta::assert_snapshot;

use crate::harness::Fingerprint;
use crate::input::task_with;
use crate::scene::{small_repo, tasks};

#[test]
fn settings_that_cannot_be_accepted_stop_every_command_with_their_place() {
    let repo = small_repo();
    tasks(&repo, &task_with("run = \"true\"\ncheck = \"true\""));
    repo.file("orchestrator.toml", "[run]\nslot = 4\n[integrate]\nstrategy = \"reverse\"\n");
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["split", "tasks.toml"]).snapshot(), @r#"
    $ wt-orch split tasks.toml
    exit: 2
    --- stderr
    error[unknown_key]
      x unknown key `slot` in `[run]`
       ,-[[TMP]/repo/orchestrator.toml:2:1]
     1 | [run]
     2 | slot = 4
       : ^^|^
       :   `-- did you mean `slots`?
     3 | [integrate]
       `----
      help: known keys: slots, timeout, grace, retries, stall_timeout, keep, jobserver, share_host,
            log_limit, env_deny, env_pass

    error[unknown_choice]
      x unknown strategy `reverse`
       ,-[[TMP]/repo/orchestrator.toml:4:12]
     3 | [integrate]
     4 | strategy = "reverse"
       :            ^^^^|^^^^
       :                `-- did you mean `rebase`?
       `----
      help: known: merge, squash, rebase

    2 errors in [TMP]/repo/orchestrator.toml
    "#);
    for command in [&["plan", "tasks.toml"][..], &["status"], &["config"], &["doctor"]] {
        repo.wt_orch(command).exit(2).stdout_is_empty();
    }
    before.assert_identical(&Fingerprint::of(&repo));
    std::fs::remove_file(repo.path("orchestrator.toml")).unwrap();
    let output = repo.command(&["plan", "tasks.toml"]).env("WT_ORCH_RUN_SLOTS", "many").run();
    assert_snapshot!(output.snapshot(), @"
    $ wt-orch plan tasks.toml
    exit: 2
    --- stderr
    error[out_of_range]
      x `many` must be a whole number between 1 and 1024
       ,-[environment:3:19]
     2 | WT_ORCH_RUN_SHARE_HOST=false
     3 | WT_ORCH_RUN_SLOTS=many
       :                   ^^^^
       `----

    1 error in environment
    ");
    repo.wt_orch(&["--config", "nowhere.toml", "plan", "tasks.toml"]).exit(2);
}

#[test]
fn init_writes_files_that_are_accepted_and_never_overwrites() {
    let repo = small_repo();
    let first = repo.wt_orch(&["init"]);
    assert_eq!(first.exit(0).stdout(), "wrote tasks.toml\nwrote orchestrator.toml\n");
    repo.wt_orch(&["check", "tasks.toml"]).exit(0);
    repo.wt_orch(&["plan", "tasks.toml"]).exit(0);
    let written = repo.read("tasks.toml").unwrap();
    repo.file("tasks.toml", "mine\n");
    assert_snapshot!(repo.wt_orch(&["init"]).snapshot(), @r"
    $ wt-orch init
    exit: 4
    --- stderr
    error: `tasks.toml` exists

    hint: `wt-orch init --force` replaces it
    ");
    assert_eq!(repo.read("tasks.toml").unwrap(), "mine\n");
    repo.wt_orch(&["init", "--force"]).exit(0);
    assert_eq!(repo.read("tasks.toml").unwrap(), written);
}
