//! The engine of Mien: facial expressions read from pixels, and explained.
//!
//! Data flows one way: pixels → faces → crops → network → prediction → explanation.
//! The engine knows neither the DOM nor files: bytes and pixels come in, plain data goes out.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`expression`] | the seven classes, their order and names |
//! | [`photo`] | pixels as every step reads them |
//! | [`geometry`] | points, rectangles and similarity transforms |
//! | [`detect`] | the faces in a photo |
//! | [`crop`] | a face as the expression network sees it |
//! | [`classify`] | the probabilities of the expressions |
//! | [`explain`] | why: what the parts of a face do to the prediction |
//! | [`pipeline`] | the whole way from a photo to explained faces |
//! | [`track`] | faces followed from frame to frame, probabilities smoothed |
//! | [`metrics`], [`card`] | how good predictions are, and the card that says so |
//! | [`fer2013`] | the rows of FER2013's CSV |
//! | [`report`] | what is told of photos in JSON |
//! | [`plan`] | a network as fused layers, and its file format |
//! | `nets` | the networks as Burn modules, exported to plans (feature `burn`) |
//! | [`cpu`] | runs a plan on the CPU |
//! | `gpu` | runs a plan on the GPU (feature `gpu`) |
//! | `backend` | which backend runs a network (feature `gpu`) |
//! | [`random`] | random numbers that follow from a seed |
//! | [`runner`] | one interface to every backend |
//! | [`study_report`] | the systems of the published studies side by side |
//! | [`axis`] | where the axes of diagrams end, and their lines |

pub mod axis;
#[cfg(feature = "gpu")]
pub mod backend;
pub mod card;
pub mod classify;
pub mod cpu;
pub mod crop;
pub mod detect;
pub mod explain;
pub mod expression;
pub mod fer2013;
pub mod geometry;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod metrics;
#[cfg(feature = "burn")]
pub mod nets;
pub mod photo;
pub mod pipeline;
pub mod plan;
pub mod random;
pub mod report;
pub mod runner;
pub mod study_report;
pub mod track;
