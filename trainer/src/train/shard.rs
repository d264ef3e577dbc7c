//! A step's gradients, computed on one device or on several at once.
//!
//! Data parallelism as Burn's own learner does it where the optimiser stays on one device: every
//! device gets a copy of the network and a share of the batch, the gradients are summed on the
//! first device, and its network alone moves. Batch norms see each share for itself; the running
//! statistics are those of the first.

use std::panic;
use std::thread;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use mien_engine::nets::{Network, Ops};
use mien_engine::plan::InputSpec;

use super::{Job, batch, loss};

/// One step of a run.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The run.
    pub job: Job<'a>,
    /// How the network wants its faces.
    pub input: &'a InputSpec,
    /// Of each class in the loss.
    pub class_weights: Option<&'a [f32]>,
    /// Counted from 1.
    pub epoch: usize,
    /// Counted from 0 over the whole run.
    pub number: usize,
}

/// What a share of a batch, or all of it, comes to.
#[derive(Debug)]
pub struct Learned {
    /// Its part of the batch's mean loss.
    pub loss: f32,
    /// Faces that were recognised.
    pub right: usize,
    /// Of its part of the loss.
    pub gradients: GradientsParams,
    /// Seconds that the faces took.
    pub loading_seconds: f64,
}

impl Step<'_> {
    /// The gradients of a batch, given as
    /// [`Balance::order`](super::balance::Balance::order) draws it. `network` is on the first
    /// device.
    ///
    /// # Panics
    /// If there is no device.
    pub fn learn(
        &self,
        network: &Network,
        draws: &[usize],
        ops: &(impl Ops + Sync),
        devices: &[Device],
    ) -> Learned {
        let (main, others) = devices.split_first().expect("a device");
        let size = draws.len().div_ceil(devices.len());
        let (first, rest) = draws.split_at(size);
        let share = |shard: &[usize]| shard.len() as f32 / draws.len() as f32;
        if rest.is_empty() {
            return self.of_shard(network, first, share(first), ops, main);
        }
        let home = main.clone().without_autodiff();
        thread::scope(|scope| {
            let shards = others.iter().zip(rest.chunks(size));
            let working: Vec<_> = shards
                .map(|(device, shard)| {
                    let (copy, home) = (network.clone().fork(device), &home);
                    scope.spawn(move || {
                        let learned = self.of_shard(&copy, shard, share(shard), ops, device);
                        Learned {
                            gradients: learned.gradients.to_device(home, &copy),
                            ..learned
                        }
                    })
                })
                .collect();
            let mut all = self.of_shard(network, first, share(first), ops, main);
            let mut sum = GradientsAccumulator::new();
            sum.accumulate(network, all.gradients);
            for worker in working {
                let part = (worker.join()).unwrap_or_else(|panic| panic::resume_unwind(panic));
                all.loss += part.loss;
                all.right += part.right;
                sum.accumulate(network, part.gradients);
            }
            all.gradients = sum.grads();
            all
        })
    }

    /// The gradients of `share` of the batch, on one device.
    fn of_shard(
        &self,
        network: &Network,
        draws: &[usize],
        share: f32,
        ops: &impl Ops,
        device: &Device,
    ) -> Learned {
        let Job {
            config,
            training,
            soft_labels,
            ..
        } = self.job;
        let classes = config.network.classes();
        let indices: Vec<usize> = draws.iter().map(|draw| draw % training.len()).collect();
        let indices = indices.as_slice();
        let loading = Instant::now();
        let faces = batch::training_faces(
            config,
            self.input,
            training,
            soft_labels,
            self.epoch,
            draws,
            device,
        );
        let labels = indices.iter().map(|&index| training.target(index));
        let labels: Vec<usize> = labels.collect();
        let targets = batch::targets(
            training,
            indices,
            classes,
            config.label_smoothing,
            self.class_weights,
            device,
        );
        let taught = config
            .distillation
            .as_ref()
            .zip(soft_labels)
            .map(|(how, labels)| {
                let targets =
                    batch::soft_targets(labels, how.temperature, self.epoch, indices, device);
                (how, targets)
            });
        let side = faces.dims()[2];
        let mix = (config.mixing).draw(config.seed, self.number, draws.len(), side);
        let (faces, targets, taught) = match &mix {
            Some(mix) => (
                mix.faces(faces),
                mix.targets(targets),
                taught.map(|(how, soft)| (how, mix.targets(soft))),
            ),
            None => (faces, targets, taught),
        };
        let loading_seconds = loading.elapsed().as_secs_f64();

        let logits = network.forward(faces.clone(), ops); // [batch, classes]
        let right = count_right(&logits, &labels);
        let mut loss = if let Some((how, soft)) = taught {
            loss::distillation(logits, targets, soft, how)
        } else {
            let progress = (self.epoch - 1) as f64 / config.epochs as f64;
            loss::of_network(network, faces, logits, targets, progress, ops)
        };
        if share < 1.0 {
            loss = loss.mul_scalar(share);
        }
        Learned {
            loss: loss.clone().into_scalar(),
            right,
            gradients: GradientsParams::from_grads(loss.backward(), network),
            loading_seconds,
        }
    }
}

fn count_right(logits: &Tensor<2>, labels: &[usize]) -> usize {
    let best = logits.clone().detach().argmax(1).to_data();
    best.iter::<u32>()
        .zip(labels)
        .filter(|(best, label)| *best as usize == **label)
        .count()
}
