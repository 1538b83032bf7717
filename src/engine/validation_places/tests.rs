use std::path::Path;

use super::*;

#[test]
fn a_place_of_validations_is_known_by_its_end() {
    for name in ["repo-run.validate", "repo-run.validate-2", "repo-run.validate-64"] {
        assert!(is_bench(&Path::new("/w").join(name)), "{name}");
    }
    for name in [
        "repo-run",
        "repo-run.validate-1",
        "repo-run.validate-02",
        "repo-run.validate-+2",
        "repo-run.validate-x",
        "repo-run.validated",
        "repo-run.validate-2-more",
    ] {
        assert!(!is_bench(&Path::new("/w").join(name)), "{name}");
    }
}
