//! How the page learns that a worker has ended.

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::JsFuture;

use super::browser::request_lock;

/// Says hello while holding the lock of the worker's name: the page waits for the lock, and so it
/// learns when the worker ends without a word.
pub fn say_hello(name: &str, hello: impl Fn() + Clone + 'static) {
    let held = Closure::once_into_js({
        let hello = hello.clone();
        move || {
            hello();
            Promise::new(&mut |_, _| ())
        }
    });
    let lock = request_lock(name, held.unchecked_ref());
    wasm_bindgen_futures::spawn_local(async move {
        // Without locks it has to do without being watched.
        let refused = match lock {
            Ok(lock) => JsFuture::from(lock).await.is_err(),
            Err(_) => true,
        };
        if refused {
            hello();
        }
    });
}
