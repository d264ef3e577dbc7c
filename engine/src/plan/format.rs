//! The `.mien` file: one plan, small enough to download before the first prediction.
//!
//! | bytes | content |
//! | --- | --- |
//! | 4 | magic `MIEN` |
//! | 2 | version, little-endian |
//! | 1 | how the weights are stored: 0 [`WeightStorage::F16`], 1 [`WeightStorage::I8`] |
//! | 4 | length of the header, little-endian |
//! | ... | header: the plan in postcard's encoding, with every weight and bias left out |
//! | ... | for each layer that has weights: the biases (f32), then the weights |
//!
//! Under `F16` the weights are 16-bit floats. Under `I8` a layer's weights are one f32 scale for
//! each output channel, then one signed byte for each weight; a weight is `byte * scale`.
//! All numbers are little-endian. How many there are follows from the header.

use std::mem;

use half::f16;
use thiserror::Error;

use super::{LayerKind, Plan, ShapeError};

const MAGIC: [u8; 4] = *b"MIEN";
const VERSION: u16 = 1;
/// Magic, version, storage and length of the header.
const PREAMBLE: usize = 4 + 2 + 1 + 4;
/// Longer headers are refused: a network of a thousand layers needs 20 kB.
const MAX_HEADER: usize = 1 << 20;
/// Larger files are refused: bounds the memory that reading one can take.
pub const MAX_FILE_BYTES: usize = 1 << 28;

/// How a file holds the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightStorage {
    /// 16-bit floats; weights beyond their range (65504) are clipped to it.
    F16,
    /// Signed bytes with one scale for each output channel, symmetric about zero.
    I8,
}

impl WeightStorage {
    fn tag(self) -> u8 {
        match self {
            Self::F16 => 0,
            Self::I8 => 1,
        }
    }

    fn from_tag(tag: u8) -> Result<Self, FormatError> {
        match tag {
            0 => Ok(Self::F16),
            1 => Ok(Self::I8),
            _ => Err(FormatError::Header),
        }
    }
}

/// Why bytes are not a model that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Another kind of file.
    #[error("this is not a Mien model")]
    NotAModel,
    /// Written by a later version of the engine; update to read it.
    #[error("the model has format {found}, newer than {VERSION}, the newest known here")]
    NewerVersion {
        /// The file's version.
        found: u16,
    },
    /// The file ends too early; download it again.
    #[error("the model is cut short")]
    Truncated,
    /// Bytes follow after the last weight.
    #[error("the model has {extra} bytes too many")]
    TooLong {
        /// How many.
        extra: usize,
    },
    /// The file, or what its header asks for, is beyond every sensible network.
    #[error("the model is too large")]
    TooLarge,
    /// The header cannot be read; the file is damaged.
    #[error("the model's header is damaged")]
    Header,
    /// A weight, a bias, a scale or an input factor is not a finite number.
    #[error("the model holds a number that is infinite or undefined")]
    NotFinite,
    /// The layers do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl Plan {
    /// The plan as a `.mien` file. Weights are rounded to the storage's precision.
    ///
    /// # Panics
    ///
    /// Never: a plan's plain data always has an encoding.
    #[must_use]
    pub fn to_bytes(&self, storage: WeightStorage) -> Vec<u8> {
        let mut header = self.clone();
        let mut body = Vec::with_capacity(4 * self.parameters());
        for layer in &mut header.layers {
            if let Some(parts) = Weights::of(&mut layer.kind) {
                let (weight, bias) = (mem::take(parts.weight), mem::take(parts.bias));
                body.extend(bias.iter().flat_map(|value| value.to_le_bytes()));
                match storage {
                    WeightStorage::F16 => write_f16(&weight, &mut body),
                    WeightStorage::I8 => write_i8(&weight, bias.len(), parts.channel, &mut body),
                }
            }
        }
        let header = postcard::to_allocvec(&header).expect("plain data always has an encoding");
        let mut bytes = Vec::with_capacity(PREAMBLE + header.len() + body.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.push(storage.tag());
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        bytes.extend(body);
        bytes
    }

    /// Reads a `.mien` file and checks everything: no file, however made, leads to a panic, to an
    /// allocation out of proportion to its length, or to a plan that [`Plan::check`] refuses.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(FormatError::TooLarge);
        }
        let mut reader = Reader { bytes };
        if reader.bytes.iter().zip(MAGIC).any(|(&a, b)| a != b) {
            return Err(FormatError::NotAModel);
        }
        reader.take(MAGIC.len())?;
        let version = u16::from_le_bytes(reader.array()?);
        if version > VERSION {
            return Err(FormatError::NewerVersion { found: version });
        }
        if version < VERSION {
            return Err(FormatError::NotAModel);
        }
        let storage = WeightStorage::from_tag(reader.array::<1>()?[0])?;
        let header_length = u32::from_le_bytes(reader.array()?) as usize;
        if header_length > MAX_HEADER {
            return Err(FormatError::TooLarge);
        }
        let header = reader.take(header_length)?;
        let (mut plan, rest) =
            postcard::take_from_bytes::<Self>(header).map_err(|_| FormatError::Header)?;
        if !rest.is_empty() {
            return Err(FormatError::Header);
        }
        if !plan.input.scale.is_finite() || !plan.input.offset.is_finite() {
            return Err(FormatError::NotFinite);
        }
        read_weights(&mut plan, storage, &mut reader)?;
        if !reader.bytes.is_empty() {
            let extra = reader.bytes.len();
            return Err(FormatError::TooLong { extra });
        }
        plan.check()?;
        Ok(plan)
    }
}

/// The weights of a layer and where its output channels lie in them.
struct Weights<'a> {
    weight: &'a mut Vec<f32>,
    bias: &'a mut Vec<f32>,
    /// The output channel of the weight at an index.
    channel: Channel,
}

#[derive(Clone, Copy)]
enum Channel {
    /// The channel is the slowest dimension.
    First,
    /// The channel is the fastest dimension.
    Last,
    /// Two kernel dimensions before it, the input channels after it.
    Third,
}

impl Channel {
    fn of(self, index: usize, weights: usize, channels: usize) -> usize {
        match self {
            Self::First => index / (weights / channels),
            Self::Last => index % channels,
            Self::Third => index / (weights / (4 * channels)) % channels,
        }
    }
}

impl<'a> Weights<'a> {
    fn of(kind: &'a mut LayerKind) -> Option<Self> {
        let (weight, bias, channel) = match kind {
            LayerKind::Conv { weight, bias, .. } => (weight, bias, Channel::First),
            LayerKind::Depthwise { weight, bias, .. } => (weight, bias, Channel::Last),
            LayerKind::Upsample { weight, bias, .. } => (weight, bias, Channel::Third),
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
                return None;
            }
        };
        Some(Self {
            weight,
            bias,
            channel,
        })
    }
}

fn write_f16(weight: &[f32], bytes: &mut Vec<u8>) {
    let [low, high] = [f16::MIN.to_f32(), f16::MAX.to_f32()];
    for value in weight {
        bytes.extend(f16::from_f32(value.clamp(low, high)).to_le_bytes());
    }
}

fn write_i8(weight: &[f32], channels: usize, channel: Channel, bytes: &mut Vec<u8>) {
    let mut scales = vec![0_f32; channels];
    for (index, value) in weight.iter().enumerate() {
        let scale = &mut scales[channel.of(index, weight.len(), channels)];
        *scale = scale.max(value.abs() / 127.0);
    }
    bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    bytes.extend(weight.iter().enumerate().map(|(index, value)| {
        let scale = scales[channel.of(index, weight.len(), channels)];
        // A channel of zeros has scale 0; the cast turns the undefined quotient into 0.
        ((value / scale).round() as i8).max(-127).cast_unsigned()
    }));
}

/// Fills in the weights that the header left out.
fn read_weights(
    plan: &mut Plan,
    storage: WeightStorage,
    reader: &mut Reader<'_>,
) -> Result<(), FormatError> {
    let mut channels = vec![plan.input.channels];
    for (position, layer) in plan.layers.iter_mut().enumerate() {
        let tensor = layer.input.index();
        let order = ShapeError::Order {
            layer: position,
            tensor,
        };
        let inputs = *channels.get(tensor).ok_or(order)?;
        let (factors, outputs) = match &layer.kind {
            LayerKind::Conv {
                window,
                out_channels,
                ..
            } => (
                [window.kernel[0], window.kernel[1], inputs, *out_channels],
                *out_channels,
            ),
            LayerKind::Depthwise { window, .. } => {
                ([window.kernel[0], window.kernel[1], inputs, 1], inputs)
            }
            LayerKind::Upsample { out_channels, .. } => {
                ([2, 2, inputs, *out_channels], *out_channels)
            }
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
                ([0; 4], inputs)
            }
        };
        channels.push(outputs);
        if let Some(parts) = Weights::of(&mut layer.kind) {
            if !parts.weight.is_empty() || !parts.bias.is_empty() {
                return Err(FormatError::Header);
            }
            let count = factors
                .into_iter()
                .try_fold(1_usize, usize::checked_mul)
                .ok_or(FormatError::TooLarge)?;
            if count == 0 {
                let what = "the weights are empty";
                let layer = position;
                return Err(ShapeError::Layer { layer, what }.into());
            }
            *parts.bias = reader.f32s(outputs)?;
            *parts.weight = match storage {
                WeightStorage::F16 => reader.f16s(count)?,
                WeightStorage::I8 => reader.i8s(count, outputs, parts.channel)?,
            };
        }
    }
    Ok(())
}

/// What is left of the file. Nothing is allocated before the bytes for it are there.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(FormatError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or(FormatError::Truncated)?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn f32s(&mut self, count: usize) -> Result<Vec<f32>, FormatError> {
        let bytes = self.take(count.checked_mul(4).ok_or(FormatError::TooLarge)?)?;
        let (values, _) = bytes.as_chunks();
        finite(values.iter().map(|&value| f32::from_le_bytes(value)))
    }

    fn f16s(&mut self, count: usize) -> Result<Vec<f32>, FormatError> {
        let bytes = self.take(count.checked_mul(2).ok_or(FormatError::TooLarge)?)?;
        let (values, _) = bytes.as_chunks();
        finite(
            values
                .iter()
                .map(|&value| f16::from_le_bytes(value).to_f32()),
        )
    }

    fn i8s(
        &mut self,
        count: usize,
        channels: usize,
        channel: Channel,
    ) -> Result<Vec<f32>, FormatError> {
        let scales = self.f32s(channels)?;
        let bytes = self.take(count)?;
        finite(bytes.iter().enumerate().map(|(index, byte)| {
            f32::from(byte.cast_signed()) * scales[channel.of(index, count, channels)]
        }))
    }
}

fn finite(values: impl Iterator<Item = f32>) -> Result<Vec<f32>, FormatError> {
    values
        .map(|value| value.is_finite().then_some(value))
        .collect::<Option<_>>()
        .ok_or(FormatError::NotFinite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::{Numbers, sample};
    use crate::plan::{Activation, InputSpec, Layer, TensorId, Window};

    fn one_layer(weight: Vec<f32>) -> Plan {
        Plan {
            input: InputSpec {
                channels: weight.len(),
                size: Some([1, 1]),
                multiple: 1,
                scale: 1.0,
                offset: 0.0,
            },
            layers: vec![Layer {
                input: TensorId::INPUT,
                kind: LayerKind::Conv {
                    window: Window::square(1, 1, 0),
                    out_channels: 1,
                    weight,
                    bias: vec![0.5],
                },
                residual: None,
                activation: Activation::Relu,
            }],
            outputs: vec![TensorId(1)],
        }
    }

    fn all_weights(plan: &Plan) -> Vec<f32> {
        let mut plan = plan.clone();
        let kinds = plan.layers.iter_mut().map(|layer| &mut layer.kind);
        kinds
            .filter_map(Weights::of)
            .flat_map(|parts| mem::take(parts.weight))
            .collect()
    }

    #[test]
    fn bytes_have_one_scale_for_each_output_channel() {
        let kind = |weight: &[f32], out_channels| LayerKind::Upsample {
            out_channels,
            weight: weight.to_vec(),
            bias: vec![0.0; out_channels],
        };
        let mut plan = one_layer(vec![1.0]);
        // Two output channels, the second a hundred times smaller.
        let weight = [1.0, 0.01, 0.5, -0.005, -1.0, 0.01, 0.25, 0.0];
        plan.layers[0].kind = kind(&weight, 2);
        plan.outputs = vec![TensorId(1)];
        let read = Plan::from_bytes(&plan.to_bytes(WeightStorage::I8)).expect("valid");
        let largest = [1.0, 0.01, 1.0, 0.01, 1.0, 0.01, 1.0, 0.01_f32];
        for ((read, written), largest) in all_weights(&read).iter().zip(weight).zip(largest) {
            assert!((read - written).abs() <= largest / 253.0);
        }
    }

    #[test]
    fn every_other_file_is_named() {
        let plan = one_layer(vec![1.0, 2.0]);
        let bytes = plan.to_bytes(WeightStorage::F16);
        let with = |at: usize, values: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + values.len()].copy_from_slice(values);
            Plan::from_bytes(&bytes)
        };
        assert_eq!(Plan::from_bytes(b"GIF89a"), Err(FormatError::NotAModel));
        assert_eq!(Plan::from_bytes(b""), Err(FormatError::Truncated));
        let newer = FormatError::NewerVersion { found: 513 };
        assert_eq!(with(4, &[1, 2]), Err(newer));
        assert_eq!(with(6, &[2]), Err(FormatError::Header));
        assert_eq!(with(7, &[255; 4]), Err(FormatError::TooLarge));
        let infinity = f16::INFINITY.to_le_bytes();
        let not_finite = Err(FormatError::NotFinite);
        assert_eq!(with(bytes.len() - 2, &infinity), not_finite);
        let nan = f32::NAN.to_le_bytes();
        assert_eq!(with(bytes.len() - 8, &nan), not_finite);
        let mut longer = bytes.clone();
        longer.push(0);
        let too_long = FormatError::TooLong { extra: 1 };
        assert_eq!(Plan::from_bytes(&longer), Err(too_long));
    }

    #[test]
    fn a_header_cannot_ask_for_more_than_the_file_holds() {
        let mut plan = one_layer(vec![1.0]);
        for (channels, kernel) in [(1 << 30, 1), (usize::MAX, 9), (1 << 14, 1 << 14), (0, 1)] {
            plan.layers[0].kind = LayerKind::Conv {
                window: Window::square(kernel, 1, 0),
                out_channels: channels,
                weight: Vec::new(),
                bias: Vec::new(),
            };
            assert!(Plan::from_bytes(&plan.to_bytes(WeightStorage::F16)).is_err());
        }
    }

    #[test]
    fn weights_beyond_16_bits_are_clipped() {
        let plan = one_layer(vec![1e6, -1e6]);
        let read = Plan::from_bytes(&plan.to_bytes(WeightStorage::F16)).expect("valid");
        assert_eq!(all_weights(&read), [65504.0, -65504.0]);
    }

    proptest! {
        #[test]
        fn a_file_leads_back_to_its_plan(sample in sample(6)) {
            let plan = sample.plan;
            let bytes = plan.to_bytes(WeightStorage::F16);
            let read = Plan::from_bytes(&bytes).expect("valid");
            prop_assert_eq!(read.to_bytes(WeightStorage::F16), bytes);
            for (read, written) in all_weights(&read).iter().zip(all_weights(&plan)) {
                prop_assert!((read - written).abs() <= written.abs() / 1024.0 + 1e-7);
            }
            let small = Plan::from_bytes(&plan.to_bytes(WeightStorage::I8)).expect("valid");
            let largest = all_weights(&plan).into_iter().fold(0.0, |a: f32, b| a.max(b.abs()));
            for (read, written) in all_weights(&small).iter().zip(all_weights(&plan)) {
                prop_assert!((read - written).abs() <= largest / 250.0);
            }
        }

        #[test]
        fn a_cut_file_is_refused(sample in sample(2), at in any::<prop::sample::Index>()) {
            for storage in [WeightStorage::F16, WeightStorage::I8] {
                let bytes = sample.plan.to_bytes(storage);
                // Every place in the header, some place in the weights.
                let ends = (0..bytes.len().min(200)).chain([at.index(bytes.len())]);
                for end in ends {
                    prop_assert!(Plan::from_bytes(&bytes[..end]).is_err());
                }
            }
        }

        #[test]
        fn a_damaged_file_never_panics(sample in sample(4), seed in any::<u64>()) {
            let bytes = sample.plan.to_bytes(WeightStorage::F16);
            let mut numbers = Numbers(seed);
            for _ in 0..20 {
                let mut damaged = bytes.clone();
                for _ in 0..=numbers.below(4) {
                    // Half of the damage goes to the header.
                    let reach = if numbers.chance(2) { bytes.len() } else { bytes.len().min(100) };
                    damaged[numbers.below(reach)] = numbers.below(256) as u8;
                }
                if let Ok(plan) = Plan::from_bytes(&damaged) {
                    prop_assert!(plan.check().is_ok());
                }
            }
        }
    }
}
