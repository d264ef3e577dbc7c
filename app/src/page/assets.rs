//! Where the site's files are: `index.html` holds a map from plain names to hashed URLs.

use std::collections::BTreeMap;

use leptos::prelude::{document, window};
use mien_app::protocol::Source;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Url};

#[derive(Deserialize)]
struct Asset {
    url: String,
    bytes: usize,
    sha256: Option<String>,
}

/// The files of the site, by plain name, such as `models/centerface.mien`.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct Assets(BTreeMap<String, Asset>);

impl Assets {
    /// Reads the map out of the page. It is empty where `xtask` has not filled it in.
    pub fn read() -> Self {
        document()
            .get_element_by_id("assets")
            .and_then(|element| element.text_content())
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Where a file lies, as a full URL: a worker made from a blob has no base to resolve against.
    pub fn source(&self, name: &str) -> Source {
        let asset = self.0.get(name);
        // A name that is not in the map is asked for as it is, so that what is missing is named.
        let url = asset.map_or(name, |asset| &asset.url);
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let url = Url::new_with_base(url, &base).map_or_else(|_| url.to_owned(), |url| url.href());
        Source {
            url,
            bytes: asset.map_or(0, |asset| asset.bytes),
            sha256: asset.and_then(|asset| asset.sha256.clone()),
        }
    }

    /// The URL of a file.
    pub fn url(&self, name: &str) -> String {
        self.source(name).url
    }

    /// The plain names that begin so, in alphabetical order.
    pub fn names(&self, start: &str) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(move |name| name.starts_with(start))
    }

    /// Whether the site has a file.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Fetches a JSON file of the site. `None` where it is not there or cannot be read: the page says
/// so.
pub async fn fetch_json<T: DeserializeOwned>(url: &str) -> Option<T> {
    let response = JsFuture::from(window().fetch_with_str(url)).await.ok()?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    serde_json::from_str(&text.as_string()?).ok()
}
