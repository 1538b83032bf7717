//! Attributes of a commit against drivers of the configuration.

use crate::adapters::git::fixture::Sandbox;

#[test]
fn a_path_has_a_driver_when_the_commits_attributes_name_one_that_is_configured() {
    let attributes = "*.json merge=mine\n*.lock merge=binary\n*.md merge=missing\n";
    let sandbox = Sandbox::with(&[(".gitattributes", attributes)]);
    let paths = ["a.json", "b.lock", "c.md", "d \"e\".json", "f"].map(str::to_owned);
    let main = sandbox.rev("main");
    assert_eq!(sandbox.repo().with_merge_driver(main, &paths).unwrap(), [""; 0]);
    sandbox.git(&["config", "merge.mine.driver", "true"]);
    // What is checked out does not matter.
    sandbox.write(".gitattributes", "* merge=mine\n");
    assert_eq!(sandbox.repo().with_merge_driver(main, &paths).unwrap(), ["a.json", "d \"e\".json"]);
}
