//! integrate (being written).
