use super::*;

#[test]
fn what_the_machine_has_no_room_for_is_tried_again_and_nothing_else_is() {
    let answers = |first: &'static str| {
        let mut tries = 0;
        let done = with_patience(|| {
            tries += 1;
            if tries == 1 { Err(first.to_owned()) } else { Ok("committed") }
        });
        (done, tries)
    };
    assert_eq!(answers("git: Too many open files (os error 24)"), (Ok("committed"), 2));
    let conflicts = "it left conflicts";
    assert_eq!(answers(conflicts), (Err(conflicts.to_owned()), 1));
}
