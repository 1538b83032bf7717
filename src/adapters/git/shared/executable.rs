//! Settings of git's that run programs, or that lead to other settings that may.

/// Names of settings, where `*` stands for a subsection and a final `*` for every key.
const EXECUTABLE: &[&str] = &[
    "alias.*",
    "browser.*.cmd",
    "browser.*.path",
    "core.alternaterefscommand",
    "core.askpass",
    "core.editor",
    "core.fsmonitor",
    "core.gitproxy",
    "core.hookspath",
    "core.pager",
    "core.sshcommand",
    "credential.*.helper",
    "credential.helper",
    "diff.*.command",
    "diff.*.textconv",
    "diff.external",
    "difftool.*.cmd",
    "difftool.*.path",
    "filter.*.clean",
    "filter.*.process",
    "filter.*.smudge",
    "gpg.*.defaultkeycommand",
    "gpg.*.program",
    "gpg.program",
    "guitool.*.cmd",
    "hook.*.command",
    "include.path",
    "includeif.*.path",
    "init.templatedir",
    "interactive.difffilter",
    "lfs.customtransfer.*.path",
    "lfs.extension.*.clean",
    "lfs.extension.*.smudge",
    "man.*.cmd",
    "man.*.path",
    "merge.*.driver",
    "mergetool.*.cmd",
    "mergetool.*.path",
    "pager.*",
    "protocol.*.allow",
    "protocol.allow",
    "remote.*.receivepack",
    "remote.*.uploadpack",
    "remote.*.vcs",
    "sendemail.*.smtpserver",
    "sendemail.*.tocmd",
    "sendemail.smtpserver",
    "sendemail.tocmd",
    "sequence.editor",
    "trailer.*.cmd",
    "trailer.*.command",
    "uploadpack.packobjectshook",
    "url.*.insteadof",
    "url.*.pushinsteadof",
];

/// Whether git, asked to do something harmless, may run another program because of this setting, or
/// talk to somebody else than it was told. Names are as git lists them: section and key in lower
/// case.
pub(super) fn is_executable<'a>(
    name: &str,
    mut values: impl Iterator<Item = Option<&'a str>>,
) -> bool {
    if matches("submodule.*.update", name) {
        // Words of git's own stand there as well, and it writes them itself.
        return values.any(|value| value.is_some_and(|value| value.starts_with('!')));
    }
    EXECUTABLE.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}

/// A name for people: what may hold a password (an address, a subsection made of one) is left out.
pub(super) fn shown(name: &str) -> String {
    match (name.split_once('.'), name.rsplit_once('.')) {
        (Some((section @ ("url" | "http" | "credential"), rest)), Some((_, key)))
            if rest.len() > key.len() =>
        {
            format!("{section}.….{key}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_programs_is_told_from_what_does_not() {
        for name in [
            "alias.st",
            "core.hookspath",
            "credential.helper",
            "credential.https://x.helper",
            "diff.A B.c.textconv",
            "filter.lfs.clean",
            "include.path",
            "includeif.gitdir:~/x.path",
            "url.ext::sh -c x.insteadof",
        ] {
            assert!(is_executable(name, std::iter::empty()), "{name}");
        }
        for name in [
            "core.bare",
            "diff.renames",
            "filter.lfs.required",
            "user.name",
            "remote.o.url",
            "alias.",
        ] {
            assert!(!is_executable(name, std::iter::empty()), "{name}");
        }
        let update = |value| is_executable("submodule.a.update", [Some(value)].into_iter());
        assert!(update("!evil") && !update("checkout"));
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert_eq!(shown("url.https://me:pw@host/.insteadof"), "url.….insteadof");
        assert_eq!(shown("credential.helper"), "credential.helper");
        assert_eq!(shown("filter.a.clean"), "filter.a.clean");
    }
}
