//! koneko itself, where it is built.
