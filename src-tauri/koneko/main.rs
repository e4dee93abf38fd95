//! koneko
fn main() {}
