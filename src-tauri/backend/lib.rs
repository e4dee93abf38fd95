//! What Duotab does to the world: engines, the Neko client, page control, the lane to the view
//! and the store. Siblings do not know each other; `controller` knows them all.

pub mod capacity;
pub mod controller;
pub mod dirs;
pub mod endpoint;
pub mod keymap;
pub mod landing;
pub mod lane;
pub mod neko;
pub mod page;
pub mod proxy;
pub mod runtime;
pub mod store;
