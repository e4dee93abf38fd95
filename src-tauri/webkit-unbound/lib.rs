//! Parts of `WebKitGTK` that its Rust bindings leave out: content filters, and pages that look up what
//! they may. So this is the one crate of the project that calls C, and it does nothing else.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the bindings leave these functions out")]

mod filter;
mod permission;

pub use filter::{Filter, Store};
pub use permission::connect_permission_query;
