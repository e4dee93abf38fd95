//! backend
pub mod capacity;
pub mod dirs;
pub mod store;
