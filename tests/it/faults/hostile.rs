//! F37–F45: input that means harm.

use std::os::unix::fs::symlink;

use super::confined::{PROGRAM, as_somebody_else};
use crate::harness::Fingerprint;
use crate::scene::{content, outcomes, refs, small_repo, split, tasks};

#[test]
fn f37_ids_that_could_mean_something_else_are_refused_with_their_place() {
    let repo = small_repo();
    let long = "x".repeat(300);
    let before = Fingerprint::of(&repo);
    let ids = [
        "../x", "-x", "a/b", "x.lock", "@{", ".h", "a\\tb", "", "A", "a b", "a\\u0000", "ä",
        "а", // Cyrillic
        "a..b", "a:b", "a~1", "a^", "con/", "x\\n", &long,
    ];
    for id in ids {
        let text = format!("[[task]]\nid = \"{id}\"\nrun = \"true\"\n");
        let output = repo.program("sh", &["-c", "cat > ../bad.toml"]).input(&text).run();
        output.exit(0);
        let error = repo.wt_orch(&["split", "../bad.toml", "--json"]).exit(2).stdout_json();
        assert!(error["problems"].to_string().contains("\"line\":2"), "{id:?}: {error}");
    }
    std::fs::remove_file(repo.root().join("bad.toml")).unwrap();
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn f38_globs_that_leave_the_repository_or_explode_are_refused() {
    let repo = small_repo();
    let bomb = "{a,b}".repeat(60);
    for glob in ["../x", "/etc/**", "a/../../b", "[", "{a", &bomb, ""] {
        let text = format!("[[task]]\nid = \"a\"\nrun = \"true\"\nowns = [\"{glob}\"]\n");
        tasks(&repo, &text);
        let output = repo.wt_orch(&["check", "tasks.toml", "--json"]);
        let error = output.exit(2).stdout_json();
        assert!(error["problems"].to_string().contains("\"line\":4"), "{glob:?}: {error}");
    }
}

#[test]
fn f39_words_of_a_task_are_arguments_and_never_commands() {
    let repo = small_repo();
    let words =
        "'\\\"; touch ../owned; $(touch ../owned) `touch ../owned` | & > < * ? ~ ! # \\\\ -n \\n";
    tasks(
        &repo,
        &format!(
            "[[task]]\nid = \"a\"\ntitle = \"{words}\"\nprompt = \"{words}\"\ncheck = \"true\"\n\
             argv = [\"sh\", \"-c\", 'printf %s \"$1\" > said', \"sh\", \"{{prompt}}\"]\n"
        ),
    );
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    let expected = words.replace("\\\"", "\"").replace("\\\\", "\\").replace("\\n", "\n");
    assert_eq!(content(&repo, "feature/a", "said").unwrap(), expected);
    repo.wt_orch(&["integrate"]).exit(0);
    let message = repo.git(&["log", "-1", "--format=%B", "main^2"]);
    assert!(message.starts_with("'\"; touch ../owned; $(touch ../owned)"), "{message}");
    assert!(!repo.root().join("owned").exists());
}

#[test]
fn f39_every_character_that_means_something_to_a_shell_arrives_as_it_is() {
    let repo = small_repo();
    let marks: Vec<char> = (' '..='~').filter(|c| !c.is_ascii_alphanumeric()).collect();
    let of = |c: &char| format!("{c}touch ../owned{c}{c} {c}-x ");
    let mut words: Vec<String> =
        marks.chunks(6).map(|some| some.iter().map(of).collect()).collect();
    let more = ["-rf", "--", "{id} {prompt}", "\t\n x \n", "$IFS\\\n%s%n"];
    words.extend(more.map(str::to_owned));
    let quoted = |text: &str| -> String {
        text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect()
    };
    let task = |(n, words): (usize, &String)| {
        let words = quoted(words);
        format!(
            "[[task]]\nid = \"t{n}\"\nread_only = true\ncheck = \"true\"\n\
             title = \"x{words}\"\nprompt = \"{words}\"\n\
             argv = [\"sh\", \"-c\", 'printf %s \"$1\" > ../said-{n}', \"sh\", \"{{prompt}}\"]\n"
        )
    };
    tasks(&repo, &words.iter().enumerate().map(task).collect::<String>());
    repo.wt_orch(&["split", "tasks.toml", "--parallel=4"]).exit(0);
    for (n, words) in words.iter().enumerate() {
        let said = std::fs::read_to_string(repo.root().join(format!("said-{n}"))).unwrap();
        assert_eq!(said, *words, "t{n}");
    }
    assert!(!repo.root().join("owned").exists());
}

/// Sequences that set the title, write the clipboard, make a link, go back in the line, clear the
/// screen, and reverse the text.
const TRICKS: &str = "\u{1b}]0;title\u{7}\u{1b}]52;c;aGk=\u{7}\u{1b}]8;;http://x\u{1b}\\\r\u{1b}[2J\u{202e}\u{9b}31m";

#[test]
fn f40_what_tasks_say_cannot_drive_the_terminal() {
    let repo = small_repo();
    repo.file("tricks", TRICKS).commit("tricks");
    let text = "name = \"t\"\n[[task]]\nid = \"a\"\ntitle = \"x\"\nrun = \"cat tricks; cat tricks >&2; exit 3\"\n\
         [[task]]\nid = \"b\"\nrun = \"git commit -q --allow-empty -F tricks; echo b > \\\"$(cat tricks)\\\"\"\n";
    let neutral = |what: &str, text: &str| {
        let harmful = text.chars().find(|c| {
            (c.is_control() && !"\n\t".contains(*c)) || ('\u{202a}'..='\u{202e}').contains(c)
        });
        assert_eq!(harmful, None, "{what}: {text:?}");
    };
    let output = split(&repo, text, &["-v"]);
    neutral("split", output.exit(1).stderr());
    neutral("split", output.stdout());
    for command in [
        &["status", "-v"][..],
        &["report"],
        &["report", "--format", "md"],
        &["report", "--format", "mermaid"],
        &["integrate", "-v"],
        &["operations"],
        &["history"],
    ] {
        let output = repo.wt_orch(command);
        neutral(&command.join(" "), output.stdout());
        neutral(&command.join(" "), output.stderr());
    }
    // JUnit must be XML all the same.
    let junit = repo.wt_orch(&["report", "--format", "junit"]);
    neutral("junit", junit.stdout());
}

#[test]
fn f40_a_live_display_shows_the_words_of_a_task_and_obeys_none() {
    let repo = small_repo();
    repo.file("tricks", &format!("{TRICKS}plain words\n")).commit("tricks");
    let text = "[[task]]\nid = \"a\"\ncheck = \"true\"\n\
         run = \"cat tricks; touch ../begun; until test -e ../go; do sleep 0.02; done; echo a > a\"\n";
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).on_a_terminal().start();
    repo.wait_for("begun");
    // Time for its display to show the line.
    std::thread::sleep(std::time::Duration::from_millis(500));
    std::fs::write(repo.root().join("go"), "").unwrap();
    let output = running.wait();
    let shown = output.exit(0).stderr();
    assert!(shown.contains("0/1 tasks") && shown.contains("plain words"), "{shown:?}");
    for trick in ["\u{1b}]", "\u{7}", "\u{1b}[2J", "\u{202e}", "\u{9b}"] {
        assert!(!shown.contains(trick), "{trick:?} in {shown:?}");
    }
}

#[test]
fn f41_a_link_that_is_planted_where_a_log_goes_is_not_written_through() {
    for place in ["b.1.log", "b.1.check.log", "."] {
        let repo = small_repo();
        let victim = repo.root().join("home/precious");
        std::fs::create_dir(&victim).unwrap();
        for name in ["file", "b.1.log", "b.1.check.log"] {
            std::fs::write(victim.join(name), "precious\n").unwrap();
        }
        let plant = if place == "." {
            format!("mv $logs $logs.moved; ln -s {} $logs", victim.display())
        } else {
            format!("ln -s {} $logs/{place}", victim.join("file").display())
        };
        tasks(
            &repo,
            &format!(
                "[[task]]\nid = \"a\"\n\
                 run = \"logs=$(git rev-parse --git-common-dir)/wt-orch/logs/tasks; {plant}\"\n\
                 [[task]]\nid = \"b\"\ndepends_on = [\"a\"]\nrun = \"echo said; echo b > b\"\n\
                 check = \"echo checked\"\n"
            ),
        );
        let output = repo.wt_orch(&["split", "tasks.toml", "--parallel=1", "--json"]);
        let _either_way = output.code();
        for name in ["file", "b.1.log", "b.1.check.log"] {
            let text = std::fs::read_to_string(victim.join(name)).unwrap();
            assert_eq!(text, "precious\n", "{place} {name}");
        }
        assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 3, "{place}");
    }
}

#[test]
fn f42_a_repository_of_somebody_else_is_refused_with_the_way_to_trust_it() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\n");
    let script = format!("'{PROGRAM}' split tasks.toml --json");
    let Some(output) = as_somebody_else(&repo, &script) else { return };
    let error = output.exit(4).stdout_json();
    assert!(error["error"]["hint"].as_str().unwrap().contains("safe.directory"), "{error:#}");
    assert_eq!(refs(&repo, "refs/heads/feature"), [""; 0]);
}

#[test]
fn f43_f44_credentials_reach_neither_tasks_nor_anything_that_is_written() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\nrun = \"env > ../seen; test -n \\\"$MODEL_API_KEY\\\"; echo a > a\"\n\
                check = \"true\"\n[[validate]]\nname = \"v\"\nrun = \"true\"\n";
    tasks(&repo, text);
    let command = repo.command(&["split", "tasks.toml", "--parallel=1", "--integrate"]);
    let secret = "s3cr3t-0123456789";
    let command = ["GITHUB_TOKEN", "CARGO_REGISTRY_TOKEN", "SSH_AUTH_SOCK", "MODEL_API_KEY"]
        .into_iter()
        .fold(command, |command, name| command.env(name, secret));
    let output = command.run();
    output.exit(0);
    let seen = std::fs::read_to_string(repo.root().join("seen")).unwrap();
    let with_secret: Vec<&str> = seen.lines().filter(|line| line.contains(secret)).collect();
    assert_eq!(with_secret, [format!("MODEL_API_KEY={secret}")]);
    assert!(!output.stderr().contains(secret) && !output.stdout().contains(secret));
    let written = repo.program("grep", &["-rlF", secret, ".git", "../home", "../run", "../tmp"]);
    assert_eq!(written.run().stdout(), "");
    let commits = repo.git(&["log", "--all", "-p", "--format=%B"]);
    assert!(!commits.contains(secret));
}

#[test]
fn f45_a_link_to_a_secret_is_no_way_around() {
    let repo = small_repo();
    repo.file(".gitignore", ".env\n").file(".worktreeinclude", ".env\nlink\n").commit("ignore");
    repo.file(".env", "KEY=1\n");
    symlink(repo.root().join("home/.gitconfig"), repo.path("link")).unwrap();
    let text = "[[task]]\nid = \"a\"\nrun = \"cat .env > seen; test ! -e link; git add -f .env\"\n";
    let output = split(&repo, text, &["--json"]);
    assert_eq!(outcomes(&output.exit(0).stdout_json()), ["a succeeded: changed 1 path"]);
    output
        .stderr_has(".env was staged; it was brought from your checkout, so it was not committed");
    for commit in repo.git(&["log", "--all", "--format=%H"]).lines() {
        assert_eq!(content(&repo, commit, ".env"), None);
        assert_eq!(content(&repo, commit, "link"), None);
    }
}
