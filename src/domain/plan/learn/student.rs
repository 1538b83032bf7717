//! Quantiles of Student's t-distribution.

/// 97.5 % quantiles for 1 to 20 degrees of freedom.
const TABLE: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
];

/// The 97.5 % quantile: the half-width of a 95 % interval in standard deviations.
pub(super) fn student_quantile(freedom: f64) -> f64 {
    if freedom <= TABLE.len() as f64 {
        let place = freedom.max(1.0) as usize - 1;
        TABLE[place]
    } else {
        // Cornish–Fisher, off by less than 1e-3 here.
        1.96 + 2.372 / freedom + 2.822 / (freedom * freedom)
    }
}
