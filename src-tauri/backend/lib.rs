//! backend
pub mod capacity;
pub mod dirs;
pub mod lane;
pub mod store;
pub mod endpoint;
pub mod runtime;
pub mod neko;
