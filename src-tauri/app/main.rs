//! Starts the Browser app.
fn main() {}
