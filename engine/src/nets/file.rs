//! A network in a file: safetensors with 16-bit floats, whose metadata says which network it is.
//!
//! | metadata | content |
//! | --- | --- |
//! | `network` | [`NetworkConfig`] in JSON |
//! | `labels` | the names of the classes, in the order of the outputs, as a JSON array |
//!
//! A tensor is named by its place in the network, such as `stack.features.0.weight`. The running
//! statistics of batch norms are tensors as well.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use thiserror::Error;

use super::{Network, NetworkConfig};
use crate::crop::SIDE;

/// Networks of more numbers are not read.
pub const MAX_NUMBERS: usize = 4_000_000;
/// Longer files are not read: two bytes a number, and room for the header.
const MAX_FILE: usize = 2 * MAX_NUMBERS + (1 << 16);
/// Networks of more classes are not read.
const MAX_CLASSES: usize = 16;
/// Networks with more channels than this anywhere are not read.
const MAX_CHANNELS: usize = 1024;
/// Networks with more stages, each of half the height, or more layers in one, are not read.
const MAX_STAGES: usize = 5;

/// Networks whose channels are divided by more are not read.
const MAX_REDUCE: usize = 8;

const NETWORK: &str = "network";
const LABELS: &str = "labels";

/// A network with what it takes to use it.
#[derive(Clone, Debug)]
pub struct NetworkFile {
    /// Which network.
    pub config: NetworkConfig,
    /// The names of its classes, in the order of its outputs.
    pub labels: Vec<String>,
    /// The network itself.
    pub network: Network,
}

/// Why a network was not written or read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetworkFileError {
    /// The file is longer than any network that is read: choose a smaller network.
    #[error("the file has {0} bytes; networks of at most {MAX_NUMBERS} numbers are read")]
    TooLarge(usize),
    /// The file is damaged or none of safetensors: get it again.
    #[error("this is no safetensors file, or a damaged one: {0}")]
    Format(String),
    /// The file does not say which network it is, or names one that this version does not know:
    /// write it again, or use a newer version.
    #[error("the file names no network that is known here: {0}")]
    UnknownNetwork(String),
    /// There is not one name for each class: name them all.
    #[error("the file does not name each of the network's classes")]
    Labels,
    /// A tensor of the network is not in the file: write it again.
    #[error("the tensor `{0}` is missing")]
    Missing(String),
    /// The file holds tensors that the network does not have: it is of another network.
    #[error("the file has {found} tensors, the network has {expected}")]
    Unexpected {
        /// Tensors in the network.
        expected: usize,
        /// Tensors in the file.
        found: usize,
    },
    /// A tensor is not of 16-bit floats or has another shape: the file is of another network.
    #[error("the tensor `{name}` should be {expected:?} 16-bit floats, and is {found}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's type and shape, in words.
        found: String,
    },
    /// A number is infinite, not a number, or beyond 65504: the training went wrong.
    #[error("a number of the tensor `{0}` is not one of 16 bits")]
    NotFinite(String),
}

impl From<SafeTensorError> for NetworkFileError {
    fn from(error: SafeTensorError) -> Self {
        Self::Format(error.to_string())
    }
}

impl NetworkFile {
    /// The file's bytes. Reads the numbers from the device and waits for them, which a browser's
    /// GPU does not allow.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NetworkFileError> {
        if self.labels.len() != self.config.classes() {
            return Err(NetworkFileError::Labels);
        }
        let mut writer = Writer::default();
        // `valid` also merges what batch norms have seen last into their running statistics.
        self.network.valid().visit(&mut writer);
        let tensors = writer
            .tensors
            .iter()
            .map(|(name, shape, numbers)| {
                let bytes =
                    encode(numbers).ok_or_else(|| NetworkFileError::NotFinite(name.clone()))?;
                Ok((name, shape, bytes))
            })
            .collect::<Result<Vec<_>, NetworkFileError>>()?;
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((*name, TensorView::new(Dtype::F16, (*shape).clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, SafeTensorError>>()?;
        let in_json = |key: &str, json: serde_json::Result<String>| {
            json.map(|json| (key.to_owned(), json))
                .map_err(|error| NetworkFileError::UnknownNetwork(error.to_string()))
        };
        let metadata = [
            in_json(NETWORK, serde_json::to_string(&self.config))?,
            in_json(LABELS, serde_json::to_string(&self.labels))?,
        ];
        Ok(safetensors::serialize(
            views,
            Some(metadata.into_iter().collect()),
        )?)
    }

    /// Reads a file; the network's numbers are put on the device. Files may come from anywhere:
    /// what is allocated for them is bounded by [`MAX_NUMBERS`].
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, NetworkFileError> {
        if bytes.len() > MAX_FILE {
            return Err(NetworkFileError::TooLarge(bytes.len()));
        }
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().as_ref();
        let entry = |key: &str| metadata.and_then(|entries| entries.get(key));
        let unknown = |reason: &str| NetworkFileError::UnknownNetwork(reason.to_owned());
        let config = entry(NETWORK).ok_or_else(|| unknown("there is no metadata"))?;
        let config: NetworkConfig =
            serde_json::from_str(config).map_err(|error| unknown(&error.to_string()))?;
        if !within_limits(&config) {
            return Err(unknown("its sizes are out of range"));
        }
        let labels: Vec<String> = entry(LABELS)
            .and_then(|labels| serde_json::from_str(labels).ok())
            .filter(|labels: &Vec<String>| labels.len() == config.classes())
            .ok_or(NetworkFileError::Labels)?;

        let tensors = SafeTensors::deserialize(bytes)?;
        let mut reader = Reader {
            tensors: &tensors,
            device,
            place: Place::default(),
            read: 0,
            fault: None,
        };
        // Fresh weights are made when they are first asked for, so none are made here.
        let network = config.init(device).map(&mut reader);
        if let Some(fault) = reader.fault {
            return Err(fault);
        }
        if reader.read != tensors.len() {
            return Err(NetworkFileError::Unexpected {
                expected: reader.read,
                found: tensors.len(),
            });
        }
        Ok(Self {
            config,
            labels,
            network,
        })
    }
}

/// Whether a network can be built at all, in little memory, and run on faces of 48 pixels.
fn within_limits(config: &NetworkConfig) -> bool {
    let channels = |channels: &[usize]| {
        channels
            .iter()
            .all(|channels| (1..=MAX_CHANNELS).contains(channels))
    };
    let layers = 1..=MAX_STAGES;
    let stages = |stages: &[usize], depth, margin| {
        channels(stages)
            && layers.contains(&stages.len())
            && layers.contains(&depth)
            && margin <= SIDE / 6
    };
    let dropout = |share| (0.0..1.0).contains(&share);
    let sizes = match config {
        NetworkConfig::Student(student) => {
            channels(&student.channels)
                && student.blocks.iter().all(|count| layers.contains(count))
                && dropout(student.dropout)
        }
        NetworkConfig::CompactVgg(vgg) => {
            stages(&vgg.channels, vgg.depth, vgg.margin) && dropout(vgg.dropout)
        }
        NetworkConfig::CompactResNet(resnet) => {
            stages(&resnet.channels, resnet.depth, resnet.margin)
                && channels(&[resnet.stem])
                && dropout(resnet.dropout)
        }
        NetworkConfig::Study(study) => (1..=MAX_REDUCE).contains(&study.reduce),
    };
    sizes && (2..=MAX_CLASSES).contains(&config.classes())
}

/// Little-endian 16-bit floats; `None` where one of the numbers is none.
fn encode(numbers: &[f32]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(2 * numbers.len());
    for &number in numbers {
        let number = f16::from_f32(number);
        if !number.is_finite() {
            return None;
        }
        bytes.extend(number.to_le_bytes());
    }
    Some(bytes)
}

/// What [`encode`] has written.
fn decode(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, _) = bytes.as_chunks::<2>();
    numbers
        .iter()
        .map(|&number| f16::from_le_bytes(number))
        .map(|number| number.is_finite().then(|| number.to_f32()))
        .collect()
}

/// Where in a network a visitor is. Variants of enums are left out: there is one at a time.
#[derive(Default)]
struct Place(Vec<String>);

impl Place {
    fn enter(&mut self, name: &str, container: &str) {
        if !is_enum(container) {
            self.0.push(name.to_owned());
        }
    }

    fn exit(&mut self, container: &str) {
        if !is_enum(container) {
            self.0.pop();
        }
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

fn is_enum(container: &str) -> bool {
    container.starts_with("Enum:")
}

/// Collects every tensor: its name, shape and numbers.
#[derive(Default)]
struct Writer {
    place: Place,
    tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl ModuleVisitor for Writer {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.place.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().to_data();
        let shape = param.dims().to_vec();
        let numbers = data.iter::<f32>().collect();
        self.tensors.push((self.place.name(), shape, numbers));
    }
}

/// Puts the tensors of a file into a network, up to the first fault.
struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    device: &'a Device,
    place: Place,
    read: usize,
    fault: Option<NetworkFileError>,
}

impl Reader<'_> {
    /// The numbers of the tensor at this place, of `shape`.
    fn numbers(&self, shape: &[usize]) -> Result<Vec<f32>, NetworkFileError> {
        let name = self.place.name();
        let Ok(tensor) = self.tensors.tensor(&name) else {
            return Err(NetworkFileError::Missing(name));
        };
        if tensor.dtype() != Dtype::F16 || tensor.shape() != shape {
            let found = format!("{:?} {}", tensor.shape(), tensor.dtype());
            return Err(NetworkFileError::Shape {
                name,
                expected: shape.to_vec(),
                found,
            });
        }
        decode(tensor.data()).ok_or(NetworkFileError::NotFinite(name))
    }
}

impl ModuleMapper for Reader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.place.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.fault.is_some() {
            return param;
        }
        let shape = param.lazy_shape();
        match self.numbers(shape.as_slice()) {
            Ok(numbers) => {
                self.read += 1;
                let id = param.id;
                let tensor = Tensor::from_data(TensorData::new(numbers, shape), self.device);
                param.transform_for_load(tensor, id)
            }
            Err(fault) => {
                self.fault = Some(fault);
                param
            }
        }
    }
}
