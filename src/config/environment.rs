//! The environment as it was at the start, asked through one type instead of piecemeal.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::ColorChoice;

/// A snapshot of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let owned = |(name, value): (K, V)| (name.into(), value.into());
        Self { variables: variables.into_iter().map(owned).collect() }
    }
}

impl Environment {
    /// All variables, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// A variable's value; an empty one counts as unset.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// A variable's value; an empty one, or one that is not UTF-8, counts as unset.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw(name)?.to_str()
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.absolute("HOME")
    }

    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.absolute("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")))
    }

    /// `$XDG_STATE_HOME`, else `~/.local/state`.
    pub fn state_home(&self) -> Option<PathBuf> {
        self.absolute("XDG_STATE_HOME").or_else(|| Some(self.home()?.join(".local/state")))
    }

    /// `$XDG_CACHE_HOME`, else `~/.cache`.
    pub fn cache_home(&self) -> Option<PathBuf> {
        self.absolute("XDG_CACHE_HOME").or_else(|| Some(self.home()?.join(".cache")))
    }

    /// `$XDG_RUNTIME_DIR`; there is no other place like it.
    pub fn runtime_dir(&self) -> Option<PathBuf> {
        self.absolute("XDG_RUNTIME_DIR")
    }

    /// Whether `WT_ORCH_YES=1` approves what would be asked.
    pub fn yes(&self) -> bool {
        self.text("WT_ORCH_YES").is_some_and(|value| value != "0")
    }

    /// Whether colours are to be written to a stream that is, or is not, a terminal. `NO_COLOR`
    /// outranks `CLICOLOR_FORCE`; an explicit choice outranks both.
    pub fn wants_color(&self, choice: ColorChoice, is_terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let forced = self.text("CLICOLOR_FORCE").is_some_and(|value| value != "0");
                let able = is_terminal
                    && self.text("TERM") != Some("dumb")
                    && self.text("CLICOLOR") != Some("0");
                self.raw("NO_COLOR").is_none() && (forced || able)
            }
        }
    }

    /// A folder; a relative one is ignored, as the XDG specification asks.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn folders_come_from_xdg_or_home_and_relative_ones_are_ignored() {
        for ignored in ["rel", ""] {
            let home = environment(&[("HOME", "/h"), ("XDG_CONFIG_HOME", ignored)]);
            assert_eq!(home.config_home(), Some("/h/.config".into()));
        }
        let home = environment(&[("HOME", "/h")]);
        assert_eq!(home.state_home(), Some("/h/.local/state".into()));
        assert_eq!(home.cache_home(), Some("/h/.cache".into()));
        assert_eq!(home.runtime_dir(), None);
        let xdg = environment(&[("XDG_CONFIG_HOME", "/x")]);
        assert_eq!(xdg.config_home(), Some("/x".into()));
        assert_eq!(environment(&[]).config_home(), None);
    }

    #[test]
    fn colour_follows_the_choice_then_the_environment_then_the_terminal() {
        let wants = |variables: &[(&str, &str)], terminal| {
            environment(variables).wants_color(ColorChoice::Auto, terminal)
        };
        assert!(wants(&[], true) && !wants(&[], false));
        assert!(!wants(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(wants(&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], false));
        assert!(!wants(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!wants(&[("TERM", "dumb")], true) && !wants(&[("CLICOLOR", "0")], true));
        let plain = environment(&[("NO_COLOR", "1")]);
        assert!(plain.wants_color(ColorChoice::Always, false));
        assert!(!environment(&[]).wants_color(ColorChoice::Never, true));
    }

    #[test]
    fn only_a_one_approves() {
        assert!(environment(&[("WT_ORCH_YES", "1")]).yes());
        assert!(!environment(&[("WT_ORCH_YES", "0")]).yes() && !environment(&[]).yes());
    }
}
