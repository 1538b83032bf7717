//! Names that git makes up in a merge, and the paths that they stand for.

use crate::domain::id::Oid;

/// What git calls the sides where it first merges several ancestors.
const INNER_SIDES: [&str; 2] = ["Temporary merge branch 1", "Temporary merge branch 2"];

/// The path that the two sides know. Of a file and a folder or a link that want the same name git
/// puts one at `<path>~<side>`, or `<path>~<side>_<number>` where that is taken, too; it knows the
/// sides of a merge by the ids that it was given.
pub(in crate::adapters::git) fn real_path(path: &[u8], sides: [Oid; 2]) -> &[u8] {
    let digits = path.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let unnumbered = path[..path.len() - digits].strip_suffix(b"_").filter(|_| digits > 0);
    let ids = sides.map(|side| side.to_string());
    let names = || ids.iter().map(String::as_str).chain(INNER_SIDES);
    let without = |path: &'_ [u8], name: &str| {
        let rest = path.len().checked_sub(name.len() + 1)?;
        let is_its = path[rest] == b'~' && path[rest + 1..] == *name.as_bytes();
        (is_its && rest > 0).then_some(rest)
    };
    let told = [Some(path), unnumbered].into_iter().flatten();
    let found = told.flat_map(|path| names().filter_map(move |name| without(path, name))).next();
    found.map_or(path, |end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_git_puts_behind_a_path_is_taken_off() {
        let sides = [1, 2].map(|digit| Oid::from_bytes(&[digit; 20]).unwrap());
        let [ours, theirs] = sides.map(|side| side.to_string());
        let real = |path: &str| {
            let real = real_path(path.as_bytes(), sides);
            String::from_utf8(real.to_vec()).unwrap()
        };
        assert_eq!(real(&format!("a/b~{ours}")), "a/b");
        assert_eq!(real(&format!("a/b~{theirs}_0")), "a/b");
        assert_eq!(real(&format!("b~c~{theirs}_12")), "b~c");
        assert_eq!(real("b~Temporary merge branch 2"), "b");
        let same = ["b", "b~HEAD", "b_1", "", "~", "7"].map(str::to_owned);
        let other = "03".repeat(20);
        let odd = [format!("b~{other}"), format!("~{ours}"), format!("b~{ours}_"), ours.clone()];
        for path in same.into_iter().chain(odd).chain([format!("b~{ours}/c"), format!("b{ours}")]) {
            assert_eq!(real(&path), path);
        }
    }
}
