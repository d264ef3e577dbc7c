//! A network at work.

use burn::tensor::{Device, Tensor, TensorData};
use mien_app::comparing::{COVER, Reading};
use mien_engine::classify::softmax_in_place;
use mien_engine::crop::SIDE;
use mien_engine::explain::PIXELS;
use mien_engine::nets::{NetworkFile, NetworkFileError, StockOps, face_input};
use thiserror::Error;

/// Faces that go through a network at once: what they take in memory stays within some MB.
const BATCH: usize = 25;

/// Why a network gave no answer.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The face is not one that the engine has cut out: choose another.
    #[error("a face has {PIXELS} pixels, this one has {0}")]
    Face(usize),
    /// The network does not tell such a class apart: ask for another.
    #[error("the network has no class {0}")]
    Class(usize),
    /// Burn failed: try again.
    #[error("{0}")]
    Burn(String),
}

/// A network with the device that it runs on.
pub struct Loaded {
    file: NetworkFile,
    device: Device,
}

impl Loaded {
    /// Reads a network's file.
    pub fn new(bytes: &[u8], device: &Device) -> Result<Self, NetworkFileError> {
        Ok(Self {
            file: NetworkFile::from_bytes(bytes, device)?,
            device: device.clone(),
        })
    }

    /// What the network says of a face: `[SIDE, SIDE]`, luma of 0 to 255.
    pub async fn read(&self, face: &[f32]) -> Result<Reading, NetworkError> {
        let probabilities = self.probabilities(&[face]).await?;
        Ok(Reading {
            labels: self.file.labels.clone(),
            probabilities: probabilities.concat(),
        })
    }

    /// Which parts of a face speak for a class, for each pixel.
    pub async fn map(&self, face: &[f32], class: usize) -> Result<Vec<f32>, NetworkError> {
        if class >= self.file.labels.len() {
            return Err(NetworkError::Class(class));
        }
        let whole = self.probabilities(&[face]).await?[0][class];
        let copies: Vec<_> = COVER.covered_copies(face).collect();
        let mut drops = Vec::with_capacity(copies.len());
        for batch in copies.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(Vec::as_slice).collect();
            let covered = self.probabilities(&batch).await?;
            drops.extend(covered.iter().map(|covered| whole - covered[class]));
        }
        Ok(COVER.spread(drops.into_iter()))
    }

    /// The probabilities of each face.
    async fn probabilities(&self, faces: &[&[f32]]) -> Result<Vec<Vec<f32>>, NetworkError> {
        if let Some(face) = faces.iter().find(|face| face.len() != PIXELS) {
            return Err(NetworkError::Face(face.len()));
        }
        let input = face_input();
        let pixels: Vec<_> = (faces.iter().copied().flatten())
            .map(|pixel| pixel * input.scale + input.offset)
            .collect();
        let data = TensorData::new(pixels, [faces.len(), 1, SIDE, SIDE]);
        let logits = (self.file.network).forward(Tensor::from_data(data, &self.device), &StockOps);
        let logits = logits.into_data_async().await;
        let logits = logits.map_err(|error| NetworkError::Burn(format!("{error:?}")))?;
        let logits: Vec<_> = logits.iter::<f32>().collect();
        let rows = logits.chunks_exact(self.file.labels.len()).map(|logits| {
            let mut row = logits.to_vec();
            softmax_in_place(&mut row);
            row
        });
        Ok(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use mien_engine::nets::NetworkConfig;
    use mien_engine::nets::studies::{StudyConfig, System};

    use super::*;

    fn network(system: System, labels: &[&str]) -> Loaded {
        let config = NetworkConfig::Study(StudyConfig {
            system,
            classes: labels.len(),
            rgb: false,
            reduce: 1,
        });
        let device = Device::flex();
        let file = NetworkFile {
            labels: labels.iter().map(ToString::to_string).collect(),
            network: config.init(&device),
            config,
        };
        Loaded::new(&file.to_bytes().expect("written"), &device).expect("read")
    }

    #[test]
    fn a_face_is_read_and_its_map_drawn() {
        let labels = ["happy", "sad", "neutral", "surprise"];
        let face: Vec<_> = (0..PIXELS).map(|place| (place % 251) as f32).collect();
        for system in [System::MicroExpNetXxs, System::CapsuleNet] {
            let network = network(system, &labels);
            let reading = pollster::block_on(network.read(&face)).expect("read");
            assert_eq!(reading.labels, labels);
            assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let map = pollster::block_on(network.map(&face, 3)).expect("drawn");
            assert_eq!(map.len(), PIXELS);
            assert!(map.iter().any(|drop| drop.abs() > 0.0));
        }
    }

    #[test]
    fn other_faces_and_classes_are_refused() {
        let network = network(System::MicroExpNetXxs, &["happy", "sad"]);
        let read = pollster::block_on(network.read(&[0.0; 3]));
        assert!(matches!(read, Err(NetworkError::Face(3))));
        let map = pollster::block_on(network.map(&[0.0; PIXELS], 2));
        assert!(matches!(map, Err(NetworkError::Class(2))));
    }
}
