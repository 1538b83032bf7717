//! Paths of files in a repository: bytes inside, text outside.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path as text. UTF-8 stays as it is; anything else is quoted as git does (`"a\377b"`), so that
/// two paths never look the same.
pub fn quote_path(path: &[u8]) -> String {
    match str::from_utf8(path) {
        Ok(text) if !text.starts_with('"') => text.to_owned(),
        Ok(_) | Err(_) => quoted(path),
    }
}

fn quoted(path: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in path {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            0x20..0x7f => text.push(char::from(byte)),
            _ => {
                let digit = |shift: u8| char::from(b'0' + ((byte >> shift) & 7));
                text.extend(['\\', digit(6), digit(3), digit(0)]);
            }
        }
    }
    text.push('"');
    text
}

/// The bytes behind a text of [`quote_path`].
pub fn unquote_path(text: &str) -> Vec<u8> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.as_bytes().to_vec();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let octal = tail.get(..3).and_then(|digits| str::from_utf8(digits).ok());
        if let Some(byte) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = &tail[3..];
        } else if let [escaped, after @ ..] = tail {
            bytes.push(*escaped);
            rest = after;
        }
    }
    bytes
}

/// A repository path as a path of the system.
pub(in crate::adapters) fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_survives_the_round_trip_through_text() {
        let odd: &[&[u8]] =
            &[b"a", b"\xff", b"\"q", b"a\\b", b"\"\\\xfe12", "é\n".as_bytes(), b"\xff\"\\\t", b""];
        for path in odd {
            assert_eq!(unquote_path(&quote_path(path)), *path, "{}", quote_path(path));
        }
        assert_eq!(quote_path(b"a\xff b"), "\"a\\377 b\"");
    }
}
