use super::*;

#[test]
fn a_desk_is_known_by_its_name_whatever_the_task_is_called() {
    for desk in ["repo-run.resolve", "repo-run.resolve-a", "repo-run.resolve-a.resolver"] {
        assert!(is_desk(&Path::new("/beside").join(desk)), "{desk}");
    }
    for other in ["repo-run", "repo-run.resolver", "repo-run.resolve-", "repo-run.validate"] {
        assert!(!is_desk(&Path::new("/beside").join(other)), "{other}");
    }
}
