use super::*;
use crate::adapters::git::fixture::Sandbox;

fn commit_as(sandbox: &Sandbox, author: &str, message: &str) -> Oid {
    let author = format!("--author={author}");
    sandbox.git(&["commit", "-q", "--allow-empty", &author, "-m", message]);
    sandbox.rev("HEAD")
}

#[test]
fn whose_work_it_is_survives_a_squash() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let start = sandbox.rev("HEAD");
    let others = commit_as(&sandbox, "Target <target@x>", "of the target");
    sandbox.git(&["switch", "-q", "-c", "side", &start.to_string()]);
    let said = "first\n\nWhy: because.\nIt is so.\n\nCo-authored-by: Eve <eve@x>\nSigned-off-by: Bob \
                <bob@x>";
    let first = commit_as(&sandbox, "Bob <bob@x>", said);
    commit_as(&sandbox, "wt-orch <wt-orch@localhost>", "leftovers");
    sandbox.git(&["merge", "-q", "--no-ff", "-m", "Merge main", "main"]);
    let said = "last\n\nco-authored-by: Bob the Second <BOB@x>\nFixes: #1\nSigned-off-by: Bob \
                <bob@x>";
    let last = commit_as(&sandbox, "Cy <cy@x>", said);
    let tip = commit_as(&sandbox, "wt-orch <wt-orch@localhost>", "more leftovers\n\nbody: none");
    let credits = sandbox.repo().credits(start, tip, others).unwrap();
    assert_eq!(credits.author_of, Some(last), "not the target's, not ours");
    assert_eq!(credits.co_authors, ["Bob <bob@x>", "Eve <eve@x>"]);
    assert_eq!(credits.trailers, ["Signed-off-by: Bob <bob@x>", "Fixes: #1", "body: none"]);
    let subjects: Vec<&str> = credits.messages.iter().map(|m| m.subject.as_str()).collect();
    assert_eq!(subjects, ["first", "leftovers", "last", "more leftovers"]);
    assert_eq!(credits.messages[0].commit, first);
    assert_eq!(credits.messages[0].body, "Why: because.\nIt is so.");
    let nothing = sandbox.repo().credits(tip, tip, others).unwrap();
    assert_eq!((nothing.author_of, nothing.messages.len()), (None, 0));
}

#[test]
fn a_paragraph_is_one_of_trailers_only_when_every_line_is_one() {
    let parsed = |text: &str| {
        let message = Message::parse(text);
        (message.subject, message.body, message.trailers)
    };
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let (subject, body, trailers) = parsed("s\r\n\n  indented\n\nA: b\n c\nD-e: f\n");
    assert_eq!((&*subject, &*body, trailers), ("s", "indented", owned(&["A: b c", "D-e: f"])));
    let (_, body, trailers) = parsed("s\n\nSee: that\nand this");
    assert_eq!((&*body, trailers), ("See: that\nand this", owned(&[])));
    let (_, body, trailers) = parsed("only: a subject");
    assert_eq!((&*body, trailers), ("", owned(&[])));
}
