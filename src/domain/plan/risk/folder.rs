//! Which folder a glob is about, told by its text.

/// The folder above the first wildcard of a glob: no path outside of it matches. Empty for the root.
pub(super) fn above_wildcards(glob: &str) -> &str {
    let plain = glob.find(['*', '?', '[', '{', '\\']).map_or(glob, |at| &glob[..at]);
    plain.rfind('/').map_or("", |at| &plain[..at])
}

/// The folder whose files a glob covers. A glob that ends in a plain name without a dot (`src/api`)
/// means the folder of that name. `None` for the root, which holds what belongs nowhere else.
pub(super) fn covered(glob: &str) -> Option<&str> {
    let glob = glob.trim_end_matches('/');
    let last = glob.rsplit('/').next().unwrap_or(glob);
    let plain = !last.contains(['*', '?', '[', '{', '\\', '.']);
    let folder = if plain { glob } else { above_wildcards(glob) };
    (!folder.is_empty() && !folder.contains(['*', '?', '[', '{', '\\'])).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_glob_is_read_from_its_text() {
        for (glob, folder) in [
            ("src/api/**", Some("src/api")),
            ("src/api/*.rs", Some("src/api")),
            ("src/api/main.rs", Some("src/api")),
            ("src/api/", Some("src/api")),
            ("src/api", Some("src/api")),
            ("src/{a,b}/x.rs", Some("src")),
            ("src/*/x", None),
            ("README.md", None),
            ("**", None),
            ("*.rs", None),
        ] {
            assert_eq!(covered(glob), folder, "{glob}");
        }
        assert_eq!(above_wildcards("src/api/mod.rs"), "src/api");
        assert_eq!(above_wildcards("src/a*/x"), "src");
        assert_eq!(above_wildcards("lib"), "");
    }
}
