//! The built app in a real window: what a person sees and does, with pages on loopback.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod asks;
mod asleep;
mod attacks;
mod bookmarks;
mod carried;
mod closing;
mod completing;
mod downloads;
mod dropped;
mod find;
mod framed;
mod front;
mod hearing;
mod home;
mod hung;
mod kept;
mod kept_out;
mod keys;
mod logins;
mod network;
mod opening;
mod pages;
mod prints;
mod private;
mod profiles;
mod programs;
mod proxied;
mod room;
mod sandboxed;
mod scrolled;
mod searching;
mod settings;
mod sounds;
mod starts;
mod stopping;
mod streamed;
mod suffixes;
mod unproven;
mod uploads;
mod veiled;
mod visits;
mod wishes;
mod zoo;
