// TensorFlow.js, given the layers of our own file: convolutions with bias and activation fused.

import { SIDE } from "./inputs.js";

const PACKAGES = "/node_modules/@tensorflow";

const script = (url) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: url, onload: resolve, onerror: reject });
    document.head.append(element);
  });

/** The library on a backend. */
export async function start(backend) {
  await script(`${PACKAGES}/tfjs-core/dist/tf-core.min.js`);
  await script(`${PACKAGES}/tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  const { tf } = window;
  tf.wasm?.setWasmPaths(`${PACKAGES}/tfjs-backend-wasm/dist/`);
  if (!(await tf.setBackend(backend))) throw new Error(`there is no backend ${backend}`);
  await tf.ready();
  return tf;
}

/** A network of ours as a function of a tensor `[count, height, width, channels]`. */
export function build(tf, { layers, outputs }) {
  const channels = [1];
  const steps = layers.map(({ input, kind, residual, activation }) => {
    const [[name, layer]] = typeof kind === "string" ? [[kind, {}]] : Object.entries(kind);
    const relu = { Identity: "linear", Relu: "relu" }[activation];
    const inputs = channels[input];
    channels.push(layer.out_channels ?? inputs);
    if (name === "GlobalAveragePool") return (tensors) => tf.mean(tensors[input], [1, 2], true);
    if (name !== "Conv" || !relu || residual?.AfterActivation !== undefined) {
      throw new Error(`there is no layer ${name} with this activation here`);
    }
    const { window, weight, bias, out_channels: count } = layer;
    const [rows, columns] = window.kernel;
    const filter = tf.tidy(() =>
      tf.transpose(tf.tensor4d(weight, [count, rows, columns, inputs]), [1, 2, 3, 0]),
    );
    const sum = residual?.BeforeActivation;
    const options = {
      filter,
      strides: window.stride,
      pad: [[0, 0], ...[0, 1].map((axis) => [window.pad_start[axis], window.pad_end[axis]]), [0, 0]],
      bias: tf.tensor1d(bias),
      activation: sum === undefined ? relu : "linear",
    };
    return (tensors) => {
      const result = tf.fused.conv2d({ x: tensors[input], ...options });
      if (sum === undefined) return result;
      const total = tf.add(result, tensors[sum]);
      return relu === "relu" ? tf.relu(total) : total;
    };
  });
  return (tensor) => {
    const tensors = [tensor];
    for (const step of steps) tensors.push(step(tensors));
    return tensors[outputs[0]];
  };
}

export async function load({ backend, layers }, { face, batch }) {
  const tf = await start(backend);
  const network = build(tf, JSON.parse(layers));
  const task = (data) => async () => {
    const result = tf.tidy(() =>
      network(tf.tensor4d(data, [data.length / (SIDE * SIDE), SIDE, SIDE, 1])),
    );
    const values = await result.data();
    result.dispose();
    return values;
  };
  return { student: task(face), batch: task(batch) };
}
