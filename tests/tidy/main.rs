//! The rules of ARCHITECTURE.md that a machine can keep.

mod bindings;
mod licences;
mod rooms;
mod tree;
