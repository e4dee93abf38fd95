//! Neko's wire format (native v3 API), both directions, as plain values.
//!
//! The client in the backend and the `koneko` server read and write the same types. Everything
//! is tolerant in what it takes: unknown events and fields are no error, a missing or `null`
//! payload or field is its default. Nothing here panics on any input.

pub mod data;
pub mod event;
pub mod input;
pub mod opus;
pub mod rest;
pub mod shape;
pub mod signal;

/// Bytes or text that are not what the protocol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed Neko message")]
pub struct Malformed;

/// Takes `null` for a field's default: Go writes empty lists and maps so.
pub(crate) fn null_is_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    use serde::Deserialize;
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
