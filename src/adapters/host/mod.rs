//! host (being written).
