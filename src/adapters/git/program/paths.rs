//! Paths that git reads from its standard input.

use super::Invocation;

impl Invocation<'_> {
    /// Hands these over, as `-z --stdin` reads them: a zero behind each.
    pub(in crate::adapters) fn paths<T: AsRef<[u8]>>(
        self,
        paths: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path.as_ref());
            input.push(0);
        }
        self.args(["-z", "--stdin"]).input(input)
    }
}
