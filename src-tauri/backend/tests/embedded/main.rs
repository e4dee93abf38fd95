//! Engines on this machine, against a stub that plays koneko and its faults, and against koneko
//! itself.

mod faults;
mod home;
mod life;
mod places;
mod real;
mod stub;
