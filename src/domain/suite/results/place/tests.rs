use super::*;

fn place(test: &str, output: &str) -> Option<(String, u32)> {
    Place::find(test, output).map(|place| (place.file, place.line))
}

fn at(file: &str, line: u32) -> Option<(String, u32)> {
    Some((file.to_owned(), line))
}

#[test]
fn every_tool_names_its_place() {
    assert_eq!(place("t", "thread 'a b' (3) panicked at src/x.rs:27:63:\nno"), at("src/x.rs", 27));
    assert_eq!(
        place("t", "thread 'a' panicked at src/my file.rs:2:1:\nno"),
        at("src/my file.rs", 2)
    );
    assert_eq!(
        place("tests/a.py::t", "lib/b.py:3: in helper\ntests/a.py:4: AssertionError"),
        at("tests/a.py", 4)
    );
    let python =
        "Traceback (most recent call last):\n  File \"/w/tests/a.py\", line 9, in t\n    x\nE: y";
    assert_eq!(place("t", python), at("/w/tests/a.py", 9));
    assert_eq!(place("p T", "    a_test.go:6: no"), at("a_test.go", 6));
    assert_eq!(
        place("t", "Error: boom\n    at Context.<anonymous> (cart.spec.js:7:68)"),
        at("cart.spec.js", 7)
    );
    assert_eq!(place("t", "    at file:///w/a.test.mjs:3:1\n"), at("/w/a.test.mjs", 3));
    assert_eq!(place("t", "location: '/w/a.test.js:4:1'\nerror: 'no'"), at("/w/a.test.js", 4));
    assert_eq!(place("t", " ❯ v/cart.test.js:5:80"), at("v/cart.test.js", 5));
    assert_eq!(place("t", "it failed at 12:30:00"), None);
    let foreign = "    at f (/w/node_modules/x/i.js:1:1)\n    at t (/w/a.test.js:2:3)";
    assert_eq!(place("t", foreign), at("/w/a.test.js", 2));
}

#[test]
fn a_path_is_looked_for_from_the_root_and_from_the_modules_folder() {
    let place = |file: &str| Place { file: file.to_owned(), line: 1, column: None };
    assert_eq!(place("/w/r/a.js").candidates("/w/r/", "web"), ["a.js"]);
    assert_eq!(
        place("./a_test.go").candidates("/w/r", "pkg/a/"),
        ["pkg/a/a_test.go", "pkg/a_test.go", "a_test.go"]
    );
    assert_eq!(place("/elsewhere/a.js").candidates("/w/r", "web"), Vec::<String>::new());
    assert_eq!(place("/w/rest/a.js").candidates("/w/r", ""), Vec::<String>::new());
}

#[test]
fn a_place_is_found_from_the_folder_in_which_the_tests_ran() {
    let files = ["src/lib.rs", "y/src/lib.rs", "y/z/src/lib.rs", "go/a/b/b_test.go", "go/a/c/c.go"];
    let files: BTreeSet<String> = files.iter().map(|file| (*file).to_owned()).collect();
    let find = |file: &str, folder: &str| {
        let place = Place { file: file.to_owned(), line: 1, column: None };
        place.locate(("/w/r", folder), &files)
    };
    // A workspace that is not at the root, and its members.
    assert_eq!(find("src/lib.rs", "y").unwrap(), "y/src/lib.rs");
    assert_eq!(find("z/src/lib.rs", "y/z").unwrap(), "y/z/src/lib.rs");
    assert_eq!(find("y/src/lib.rs", "y").unwrap(), "y/src/lib.rs");
    assert_eq!(find("b_test.go", "go").unwrap(), "go/a/b/b_test.go");
    assert_eq!(find("/w/r/go/a/c/c.go", "go").unwrap(), "go/a/c/c.go");
    assert_eq!(find("lib.rs", ""), None, "two files could be meant");
    assert_eq!(find("/elsewhere/src/lib.rs", ""), None);
}
