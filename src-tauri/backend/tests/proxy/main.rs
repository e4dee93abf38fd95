//! The local proxy over real sockets of loopback.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod access;
mod attacks;
mod blocking;
mod encrypted;
mod exits;
mod kit;
mod leads;
mod names;
mod profiles;
mod requests;
mod resolvers;
mod rests;
mod socks;
mod streams;
mod tunnels;
