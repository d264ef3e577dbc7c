//! What the page, its worker and the npm package share, and what of them needs no browser.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | the messages between page and worker |
//! | [`judging`] | those about labelled faces |
//! | [`comparing`] | those between the page and the worker that compares networks |
//! | [`problems`] | what was left out of an evaluation |
//! | [`tally`] | what models said about labelled faces |
//! | `wire` | how they travel (feature `worker`) |
//! | `host` | what runs the engine in a browser (feature `worker`) |
//! | [`gallery`] | which photos the gallery shows, and in which order |
//! | [`language`] | the languages of the page, and how each writes numbers |
//! | [`live`] | what the live view keeps over time |

pub mod comparing;
pub mod gallery;
#[cfg(feature = "worker")]
pub mod host;
pub mod judging;
pub mod language;
pub mod live;
pub mod problems;
pub mod protocol;
pub mod tally;
#[cfg(feature = "worker")]
pub mod wire;
