//! What the page and its worker share, and what of them needs no browser.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`words`] | the page's words for readings, sizes and shares |

pub mod words;
