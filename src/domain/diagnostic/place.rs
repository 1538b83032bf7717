//! Byte offsets as lines and columns.

/// Where the lines of a text start: finds a place in logarithmic time.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    len: usize,
}

impl LineIndex {
    /// Reads the text once.
    pub fn new(text: &str) -> Self {
        let after = |(at, _): (usize, &str)| at + 1;
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(after)).collect();
        Self { starts, len: text.len() }
    }

    /// The line, counted from 0, that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// Number of lines; the empty one after a final line feed counts.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Byte offset at which a line starts; the end of the text for lines beyond the last.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.len)
    }

    /// Line and column of an offset in `text`, both counted from 1, columns in characters.
    pub fn place(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = text.floor_char_boundary(offset);
        let line = self.line(offset);
        let before = text.get(self.start(line)..offset).unwrap_or_default();
        (line + 1, before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let text = "ab\né x\n\nend";
        let index = LineIndex::new(text);
        let place = |needle| index.place(text, text.find(needle).unwrap());
        assert_eq!(place("ab"), (1, 1));
        assert_eq!(place("x"), (2, 3));
        assert_eq!(place("end"), (4, 1));
        assert_eq!(index.place(text, text.len()), (4, 4));
        assert_eq!(index.place(text, 9999), (4, 4));
        assert_eq!(index.place(text, text.find('é').unwrap() + 1), (2, 1));
        assert_eq!(LineIndex::new("").place("", 0), (1, 1));
    }
}
