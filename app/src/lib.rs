//! What the page and its worker share, and what of them needs no browser.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | the messages between page and worker |
//! | `wire` | how they travel (feature `browser`) |
//! | [`words`] | the page's words for readings, sizes and shares |

pub mod protocol;
#[cfg(feature = "browser")]
pub mod wire;
pub mod words;
