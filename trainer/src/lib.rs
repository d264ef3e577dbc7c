//! The trainer of Mien: data sets, augmentation, training runs, reports, and the command line
//! `mien` that also runs the engine's whole pipeline natively.

pub mod agreement;
pub mod augment;
pub mod average;
pub mod bench;
pub mod cli;
pub mod crop_fit;
pub mod data;
pub mod degrade;
pub mod device;
pub mod evaluate;
pub mod explain_eval;
pub mod fairness;
pub mod files;
pub mod global_view;
pub mod landmarks;
pub mod models;
pub mod onnx;
pub mod ops;
pub mod overlay;
pub mod photo;
pub mod pretrained;
pub mod report;
pub mod robustness;
pub mod settings;
pub mod study;
pub mod teacher;
pub mod train;
