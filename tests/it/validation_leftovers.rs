//! Processes that validations, checks and setup hooks leave behind with their output in their hands.

use crate::integrating::integrate;
use crate::scene::{small_repo, split};

#[test]
fn whoever_holds_the_output_of_a_validation_check_or_hook_in_silence_is_ended_soon() {
    let repo = small_repo();
    let late = |who: &str| format!("(sleep 1.5; touch ../late-{who}) & echo {who} is done");
    let text = format!(
        "[[setup]]\nrun = '''{}'''\n[[task]]\nid = \"a\"\nrun = \"echo a > a\"\ncheck = '''{}'''\n\
         [[validate]]\nname = \"all\"\nrun = '''{}'''\n",
        late("hook"),
        late("check"),
        late("validation"),
    );
    split(&repo, &text, &[]).exit(0);
    integrate(&repo, 0);
    for who in ["hook", "check", "validation"] {
        assert!(!repo.root().join(format!("late-{who}")).exists(), "{who}");
    }
    let log = repo.read(".git/wt-orch/logs/tasks/all.1.validate.log").unwrap();
    assert_eq!(log, "validation is done\n");
    assert_eq!(repo.survivors(), [""; 0]);
}
