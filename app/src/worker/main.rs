//! The worker that owns the engine.

fn main() {
    web_sys::console::debug_1(&"worker".into());
}
