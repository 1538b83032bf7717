//! Digests that tell contents from one another.

use sha2::{Digest, Sha256};

/// The SHA-256 of these parts, one after another, in hexadecimal digits.
pub fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
