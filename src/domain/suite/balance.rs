//! Spreading work evenly: the longest piece first, each to whoever has least.

/// Places of the items of each bin, in ascending order. `items`: name and seconds. The same for the
/// same names and times on every machine: times count in whole milliseconds, ties go by name, then to
/// the bin with fewer items and the lower number. There are no more bins than items, but one: whoever
/// asks for more gets the same without those that are empty.
pub(super) fn balanced(items: &[(&str, f64)], bins: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&items[a], &items[b]);
        millis(b.1).cmp(&millis(a.1)).then_with(|| a.0.cmp(b.0))
    });
    let mut filled: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); bins.min(items.len()).max(1)];
    for at in order {
        let least = filled.iter_mut().min_by_key(|(load, held)| (*load, held.len()));
        if let Some((load, held)) = least {
            *load = load.saturating_add(millis(items[at].1));
            held.push(at);
        }
    }
    for (_, held) in &mut filled {
        held.sort_unstable();
    }
    filled.into_iter().map(|(_, held)| held).collect()
}

/// Whole milliseconds; what is no time is none.
pub(super) fn millis(seconds: f64) -> u64 {
    // A conversion of a float saturates, and makes 0 of what is no number.
    (seconds * 1000.0).round() as u64
}
