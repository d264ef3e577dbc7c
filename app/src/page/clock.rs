//! Time as the page sees it.

use futures::channel::oneshot;
use leptos::prelude::{request_animation_frame, window};

/// Milliseconds on a clock that never goes back.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Waits until the browser is about to draw; on a hidden page that is when it is shown again.
pub async fn animation_frame() {
    let (sender, receiver) = oneshot::channel();
    request_animation_frame(move || {
        // Nobody waits any more: then nothing is to be told.
        let _ = sender.send(());
    });
    // Cancelled only when the page goes.
    let _ = receiver.await;
}
