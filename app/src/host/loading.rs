//! Fetching models, with progress in bytes, and checking that they are the ones that were meant.

use std::cell::Cell;
use std::fmt::Write as _;

use futures::future::try_join_all;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult, Response};

use super::browser::{self, describe, digest};
use crate::protocol::{Source, StopReason};

/// Fetches all sources at once. `progress` is told the bytes that have come so far.
pub async fn fetch_all(
    sources: &[&Source],
    progress: impl Fn(usize),
) -> Result<Vec<Vec<u8>>, StopReason> {
    let loaded = Cell::new(0);
    let advance = |bytes: usize| {
        loaded.set(loaded.get() + bytes);
        progress(loaded.get());
    };
    try_join_all(sources.iter().map(|source| fetch(source, &advance))).await
}

/// Fetches one source and checks its hash. `advance` is told how many bytes have come each time.
pub async fn fetch(source: &Source, advance: &impl Fn(usize)) -> Result<Vec<u8>, StopReason> {
    let bytes = download(source, advance).await?;
    if let Some(wanted) = &source.sha256
        && sha256(&bytes).await.is_some_and(|found| found != *wanted)
    {
        let url = source.url.clone();
        return Err(StopReason::Changed { url });
    }
    Ok(bytes)
}

/// The SHA-256 of bytes in hexadecimal digits. `None` where the browser does not offer it: on
/// origins without encryption, where the hash to compare with could have been changed as well.
async fn sha256(bytes: &[u8]) -> Option<String> {
    let digest = JsFuture::from(digest("SHA-256", bytes).ok()?).await.ok()?;
    let digest = Uint8Array::new(&digest).to_vec();
    Some(digest.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

async fn download(source: &Source, advance: &impl Fn(usize)) -> Result<Vec<u8>, StopReason> {
    let fail = |detail| StopReason::Fetch {
        url: source.url.clone(),
        detail,
    };
    let in_words = |error: JsValue| fail(describe(&error));
    let response: Response = JsFuture::from(browser::fetch(&source.url))
        .await
        .map_err(in_words)?
        .unchecked_into();
    if !response.ok() {
        return Err(fail(format!(
            "{} {}",
            response.status(),
            response.status_text()
        )));
    }
    let mut bytes = Vec::with_capacity(source.bytes);
    let Some(body) = response.body() else {
        return Ok(bytes);
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let result: ReadableStreamReadResult = JsFuture::from(reader.read())
            .await
            .map_err(in_words)?
            .unchecked_into();
        if result.get_done().unwrap_or(true) {
            return Ok(bytes);
        }
        let chunk: Uint8Array = result.get_value().unchecked_into();
        bytes.extend_from_slice(&chunk.to_vec());
        advance(chunk.length() as usize);
    }
}
