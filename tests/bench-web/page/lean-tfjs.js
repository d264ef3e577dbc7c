import { build, start } from "./tfjs.js";

export async function predict(crop) {
  const [tf, layers, bytes] = await Promise.all([
    start("wasm"),
    fetch("/models/student-fer2013.layers.json").then((response) => response.json()),
    fetch("/models/student-fer2013.f32").then((response) => response.arrayBuffer()),
  ]);
  // The weights lie one behind the other, as tfjs keeps them, too.
  const values = new Float32Array(bytes);
  let at = 0;
  const take = (count) => values.subarray(at, (at += count));
  for (const { kind } of layers.layers) {
    if (!kind.Conv) continue;
    kind.Conv.weight = take(kind.Conv.weight);
    kind.Conv.bias = take(kind.Conv.bias);
  }
  const network = build(tf, layers);
  return network(tf.tensor4d(await crop, [1, 48, 48, 1])).data();
}
