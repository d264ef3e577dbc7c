//! What runs the engine in a browser, on the page's own thread and in workers alike: the worker of
//! the page and the npm package share it.

mod browser;
pub mod engine;
mod life;
pub mod loading;
pub mod pixels;

pub use browser::{now, request_lock};
pub use life::say_hello;
