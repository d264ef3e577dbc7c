//! The service worker that keeps the site on the device (`app/service-worker.js`): registered when
//! the engine is ready, so that it does not compete with the first prediction for the network.

use gloo::events::EventListener;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

use crate::store::{EngineState, Store};

const SCRIPT: &str = "service-worker.js";
/// What tells a new version to take over.
const TAKE_OVER: &str = "take-over";

/// What tells the service worker to remove what it keeps.
const FORGET: &str = "forget";

/// How the site is kept.
#[derive(Clone, Default)]
pub enum Offline {
    /// It is not, or not yet.
    #[default]
    No,
    /// It works without network.
    Ready,
    /// A new version is on the device, and waits until the visitor agrees.
    Update(SendWrapper<ServiceWorker>),
}

/// Registers the service worker once the engine is ready, or cannot be: then a newer version may be
/// what helps.
pub fn keep(store: Store) {
    let is_registered = StoredValue::new(false);
    Effect::new(move |_| {
        let is_settled = !matches!(store.engine.get(), EngineState::Loading { .. });
        if is_settled && !is_registered.get_value() {
            is_registered.set_value(true);
            spawn_local(async move {
                // Browsers without service workers, and those set to keep nothing, show the page
                // as before.
                let _ = register(store.offline).await;
            });
        }
    });
}

/// Lets the new version take over; the page is loaded anew when it has.
pub fn take_over(worker: &ServiceWorker) {
    if let Some(container) = container() {
        let reload = |_: &web_sys::Event| {
            // Refused only while the page is being left anyway.
            let _ = window().location().reload();
        };
        EventListener::once(&container, "controllerchange", reload).forget();
    }
    // Refused only for what cannot be cloned.
    let _ = worker.post_message(&TAKE_OVER.into());
}

async fn register(offline: RwSignal<Offline>) -> Result<(), JsValue> {
    let Some(container) = container() else {
        return Ok(());
    };
    let options = RegistrationOptions::new();
    options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
    let registration = container.register_with_options(SCRIPT, &options);
    let registration: ServiceWorkerRegistration =
        JsFuture::from(registration).await?.unchecked_into();
    if let Some(waiting) = registration.waiting() {
        offline.set(Offline::Update(SendWrapper::new(waiting)));
    } else {
        watch(&registration, offline);
    }
    JsFuture::from(container.ready()?).await?;
    if matches!(offline.get_untracked(), Offline::No) {
        offline.set(Offline::Ready);
    }
    Ok(())
}

/// Notices when another version has come onto the device.
fn watch(registration: &ServiceWorkerRegistration, offline: RwSignal<Offline>) {
    let found = {
        let registration = registration.clone();
        move || {
            let Some(worker) = registration.installing() else {
                return;
            };
            let installed = worker.clone();
            let on_change = move |_: &web_sys::Event| {
                // The first version has nobody to replace.
                let replaces = container().is_some_and(|it| it.controller().is_some());
                if installed.state() == ServiceWorkerState::Installed && replaces {
                    offline.set(Offline::Update(SendWrapper::new(installed.clone())));
                }
            };
            EventListener::new(&worker, "statechange", on_change).forget();
        }
    };
    found();
    // It is needed for as long as the page lives.
    EventListener::new(registration, "updatefound", move |_| found()).forget();
}

/// Takes the site off the device; the page goes on until it is closed.
pub async fn forget(store: Store) {
    let Some(container) = container() else { return };
    let registration = JsFuture::from(container.get_registration()).await;
    let registration = registration.and_then(JsCast::dyn_into::<ServiceWorkerRegistration>);
    if let Ok(registration) = registration {
        if let Some(worker) = registration.active() {
            // Refused only for what cannot be cloned.
            let _ = worker.post_message(&FORGET.into());
        }
        if let Ok(unregistered) = registration.unregister() {
            // Without a registration there is nothing to forget.
            let _ = JsFuture::from(unregistered).await;
        }
    }
    store.offline.set(Offline::No);
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator = window().navigator();
    // Without a secure origin the browser offers none.
    let container = js_sys::Reflect::get(&navigator, &"serviceWorker".into()).ok()?;
    container.dyn_into().ok()
}
