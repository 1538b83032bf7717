//! Cutting a stream into JSON objects and lines of text.

/// Longest object that is read; a longer one is passed over. What agents say at their end is far
/// shorter, what they say of a file that they read need not be.
const OBJECT_MAX: usize = 1 << 20;
/// Bytes kept of a line of text.
const LINE_MAX: usize = 1024;
/// Memory that is kept for the next object.
const KEPT: usize = 64 * 1024;

/// Part of a stream.
pub(super) enum Piece<'a> {
    /// Text from `{` to its `}`: an object of its own, or an element of a list.
    Object(&'a [u8]),
    /// Beginning of a line that is no JSON; without its end.
    Line(&'a [u8]),
}

/// Finds objects wherever they begin at the start of a line, over one line or many. What breaks off
/// or turns out to be no JSON is passed over up to the next line.
#[derive(Debug)]
pub(super) struct Pieces {
    at: At,
    /// Whether objects are looked for at all.
    objects: bool,
    /// Inside a list, whose elements are the objects.
    listed: bool,
    object: Vec<u8>,
    line: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing but blanks on this line so far.
    Start,
    /// Inside an escape sequence before anything else on this line.
    Escape { opened: bool },
    /// In a line of text.
    Line,
    /// Between two elements of a list.
    Between,
    /// In an object.
    Object { depth: usize, string: InString, fresh: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InString {
    No,
    Yes,
    Escaped,
}

impl Pieces {
    /// A stream of objects with lines of text among them.
    pub(super) fn objects() -> Self {
        Self { objects: true, ..Self::lines() }
    }

    /// A stream of lines of text.
    pub(super) fn lines() -> Self {
        let (object, line) = (Vec::new(), Vec::new());
        Self { at: At::Start, objects: false, listed: false, object, line }
    }

    /// Takes in what comes next. Where a text is cut makes no difference.
    pub(super) fn take(&mut self, bytes: &[u8], found: &mut dyn FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = self.step(rest, found);
            rest = &rest[used..];
        }
    }

    /// The end of the stream. An object that is not complete is passed over.
    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Piece<'_>)) {
        if self.at == At::Line {
            self.end_line(found);
        }
    }

    /// Takes at least one byte and says how many.
    fn step(&mut self, bytes: &[u8], found: &mut dyn FnMut(Piece<'_>)) -> usize {
        let byte = bytes[0];
        match self.at {
            At::Start => self.start(byte),
            At::Escape { opened } => {
                self.at = match (opened, byte) {
                    (false, b'[') => At::Escape { opened: true },
                    (true, 0x20..=0x3f) => self.at,
                    _ => At::Start,
                };
            }
            At::Line => return self.text(bytes, found),
            At::Between => self.between(byte),
            At::Object { depth, string: InString::Yes, .. } => {
                return self.in_string(depth, bytes);
            }
            At::Object { depth, string: InString::Escaped, .. } => {
                self.keep(&[byte]);
                self.at = At::Object { depth, string: InString::Yes, fresh: false };
            }
            At::Object { depth, string: InString::No, fresh } => {
                self.in_object(depth, fresh, byte, found);
            }
        }
        1
    }

    fn start(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            0x1b => self.at = At::Escape { opened: false },
            b'{' if self.objects => self.open(),
            b'[' if self.objects => {
                self.listed = true;
                self.at = At::Between;
                self.line.push(byte);
            }
            _ => {
                self.at = At::Line;
                self.line.push(byte);
            }
        }
    }

    fn open(&mut self) {
        self.line.clear();
        self.object.clear();
        self.object.push(b'{');
        self.at = At::Object { depth: 1, string: InString::No, fresh: false };
    }

    fn text(&mut self, bytes: &[u8], found: &mut dyn FnMut(Piece<'_>)) -> usize {
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let text = &bytes[..end.unwrap_or(bytes.len())];
        let room = LINE_MAX.saturating_sub(self.line.len());
        self.line.extend_from_slice(&text[..text.len().min(room)]);
        if end.is_some() {
            self.end_line(found);
        }
        text.len() + usize::from(end.is_some())
    }

    fn end_line(&mut self, found: &mut dyn FnMut(Piece<'_>)) {
        found(Piece::Line(&self.line));
        self.line.clear();
        self.at = At::Start;
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b'{' => self.open(),
            b']' => self.leave_list(At::Start),
            _ => {
                // `[info] …`
                self.line.push(byte);
                self.listed = false;
                self.at = At::Line;
            }
        }
    }

    fn leave_list(&mut self, at: At) {
        self.listed = false;
        self.line.clear();
        self.at = at;
    }

    fn in_string(&mut self, depth: usize, bytes: &[u8]) -> usize {
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
        let Some(end) = bytes.iter().position(ends) else {
            self.keep(bytes);
            return bytes.len();
        };
        self.keep(&bytes[..=end]);
        let string = match bytes[end] {
            b'"' => InString::No,
            b'\\' => InString::Escaped,
            b'\n' | b'\r' => {
                self.leave_list(At::Start);
                return end + 1;
            }
            _ => {
                self.leave_list(At::Line);
                return end + 1;
            }
        };
        self.at = At::Object { depth, string, fresh: false };
        end + 1
    }

    /// `fresh`: the byte begins a line. An object inside another one is indented there, or all is on
    /// one line; so what is not is a new one, and the one before was cut off.
    fn in_object(&mut self, depth: usize, fresh: bool, byte: u8, found: &mut dyn FnMut(Piece<'_>)) {
        if fresh && matches!(byte, b'{' | b'[') {
            self.leave_list(At::Start);
            return self.start(byte);
        }
        let (depth, string) = match byte {
            b'{' | b'[' => (depth + 1, InString::No),
            b'}' | b']' => (depth - 1, InString::No),
            b'"' => (depth, InString::Yes),
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'0'..=b'9' | b'-' | b'+' | b'.' => {
                (depth, InString::No)
            }
            // The letters of `true`, `false`, `null` and of exponents.
            b't' | b'r' | b'u' | b'e' | b'f' | b'a' | b'l' | b's' | b'n' | b'E' => {
                (depth, InString::No)
            }
            _ => return self.leave_list(At::Line),
        };
        self.keep(&[byte]);
        if depth > 0 {
            self.at = At::Object { depth, string, fresh: byte == b'\n' };
            return;
        }
        if self.object.len() <= OBJECT_MAX {
            found(Piece::Object(&self.object));
        }
        self.object.clear();
        self.object.shrink_to(KEPT);
        self.at = if self.listed { At::Between } else { At::Start };
    }

    /// One byte more than the longest marks an object that is too long.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (OBJECT_MAX + 1).saturating_sub(self.object.len());
        self.object.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests;
