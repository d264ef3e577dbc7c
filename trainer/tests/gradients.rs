//! The engine's derivatives against Burn's automatic ones.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use mien_engine::cpu::Differentiator;
use mien_engine::crop::SIDE;
use mien_engine::nets::StockOps;
use mien_engine::nets::StudentConfig;
use mien_engine::plan::TensorId;

#[test]
fn going_back_through_a_plan_gives_burns_gradients() {
    let device = Device::flex().autodiff();
    // Frozen, so that batch norms use their running statistics as the plan does.
    let student = StudentConfig::default().init(&device).freeze();
    let mut network = Differentiator::new(&student.export()).expect("a valid plan");
    let last = TensorId(network.plan().layers.len() as u16);
    for class in [0, 3, 6] {
        let shape = [1, 1, SIDE, SIDE];
        let face = Tensor::<4>::random(shape, Distribution::Uniform(-2.0, 2.0), &device);
        let face = face.require_grad();
        let logits = student.forward(face.clone(), &StockOps);
        let gradients = logits.slice([0..1, class..class + 1]).sum().backward();
        let expected = face.grad(&gradients).expect("the input has a gradient");
        let expected: Vec<f32> = expected.to_data().iter::<f32>().collect();

        let pixels: Vec<f32> = face.to_data().iter::<f32>().collect();
        let tape = network
            .record(&pixels, [SIDE, SIDE])
            .expect("a face that fits");
        let mut seed = vec![0.0; 7];
        seed[class] = 1.0;
        let found = network.gradients(&tape, last, &seed).swap_remove(0);

        let largest = expected.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        assert!(largest > 1e-4, "{largest}");
        for (found, expected) in found.iter().zip(&expected) {
            let difference = (found - expected).abs();
            assert!(
                difference < 1e-3 * largest,
                "{found} is not {expected} of {largest}"
            );
        }
    }
}
