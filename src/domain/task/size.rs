//! Amounts of memory and storage as people write them.

/// The text is not a size such as `512MiB`, `2GiB` or `1.5GB`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no size; write it like `512MiB` or `2GiB`")]
pub struct SizeError;

/// Longest names first where one ends with another.
const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// More digits than any size needs, few enough for the arithmetic to be exact.
const MOST_DIGITS: usize = 20;

/// Reads `2GiB`, `1.5 GB`, `64KiB`, `100B` into bytes, rounded down. The unit is required, and its
/// case does not matter.
pub fn parse_size(text: &str) -> Result<u64, SizeError> {
    let lower = text.trim().to_ascii_lowercase();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((lower.strip_suffix(name)?.trim_end(), *unit)))
        .ok_or(SizeError)?;
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(SizeError),
        None => (number, ""),
    };
    let digits = format!("{whole}{fraction}");
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || digits.len() > MOST_DIGITS || !only_digits {
        return Err(SizeError);
    }
    let scaled: u128 = digits.parse().map_err(|_| SizeError)?;
    let bytes = scaled * u128::from(unit) / 10u128.pow(fraction.len() as u32);
    u64::try_from(bytes).map_err(|_| SizeError)
}

/// Bytes for people, with one decimal where it says more: `0B`, `64MiB`, `1.5GiB`.
pub fn human_size(bytes: u64) -> String {
    let mut unit = "B";
    let mut tenths = u128::from(bytes) * 10;
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        // 1023.95 of a unit would be shown as 1024.0.
        if tenths < 10_235 {
            break;
        }
        unit = next;
        tenths = (tenths + 512) / 1024;
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole}{unit}"),
        (whole, tenth) => format!("{whole}.{tenth}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0B", 0),
            ("100B", 100),
            ("1kB", 1_000),
            ("1KB", 1_000),
            ("1KiB", 1_024),
            ("1.5GiB", 3 << 29),
            ("2 GiB", 2 << 30),
            ("2gb", 2_000_000_000),
            ("0.001KiB", 1),
            ("3TiB", 3 << 40),
            ("16777215TiB", 16_777_215 << 40),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "B",
            "GiB",
            "10",
            "-1GiB",
            "+1GiB",
            "NaN",
            "NaNGiB",
            "infB",
            "1e3GB",
            "1.GiB",
            ".5GiB",
            "1.2.3GiB",
            "1_000B",
            "16777216TiB",
            "99999999999999999999B",
            "１GiB",
            "1Gibit",
            "2 G",
            "1 G iB",
        ] {
            assert_eq!(parse_size(text), Err(SizeError), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        let shown = |bytes: &u64| human_size(*bytes);
        assert_eq!(
            [0, 1023, 1024, 1536, 64 << 20, (1 << 30) - 1, 5 << 40, u64::MAX]
                .iter()
                .map(shown)
                .collect::<Vec<_>>(),
            ["0B", "1023B", "1KiB", "1.5KiB", "64MiB", "1GiB", "5TiB", "16777216TiB"]
        );
    }

    proptest! {
        #[test]
        fn a_shown_size_is_within_a_twentieth_when_read_again(bytes in 0..u64::MAX / 2) {
            let again = parse_size(&human_size(bytes)).unwrap();
            prop_assert!(again.abs_diff(bytes) <= bytes / 20, "{} {}", human_size(bytes), again);
        }
    }
}
