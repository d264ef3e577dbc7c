//! Layers that do not learn.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup};
use burn::tensor::Tensor;
use mien_engine::nets::Network;

use super::TrainError;

/// Freezes the layers whose path is one of these names or begins with one and a dot, as `stem` and
/// `blocks.0`: their weights get no gradients, and their batch norms use the statistics that they
/// have.
pub fn freeze(network: Network, names: &[String]) -> Result<Network, TrainError> {
    let mut paths = Paths::default();
    network.visit(&mut paths);
    names.iter().try_fold(network, |network, name| {
        let found = paths.found.iter().any(|path| {
            let rest = path.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        let escaped = name.replace('.', "\\.");
        // The network's kind comes first in Burn's paths.
        let group = ParamGroup::from_regex(format!("^(?:[A-Z]\\w*\\.)?{escaped}(?:\\.|$)"));
        match group {
            Ok(group) if found => Ok(network.freeze_group(group)),
            _ => Err(TrainError::NoSuchLayer {
                name: name.clone(),
                layers: paths.layers(),
            }),
        }
    })
}

/// The paths of all parameters, without the network's kind.
#[derive(Default)]
struct Paths {
    at: Vec<String>,
    found: Vec<String>,
}

impl Paths {
    /// The first parts of the paths.
    fn layers(&self) -> String {
        let mut layers: Vec<&str> = self
            .found
            .iter()
            .filter_map(|path| path.split('.').next())
            .collect();
        layers.dedup();
        layers.join(", ")
    }
}

impl ModuleVisitor for Paths {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.at.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.at.pop();
    }

    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        let is_kind = |name: &&String| name.starts_with(|c: char| c.is_ascii_uppercase());
        let path: Vec<&str> = self
            .at
            .iter()
            .skip_while(is_kind)
            .map(String::as_str)
            .collect();
        self.found.push(path.join("."));
    }
}
