import init, { Network } from "/engine/mien-bench-web.js";

export async function predict(crop) {
  const [file] = await Promise.all([
    fetch("/models/student-fer2013.mien").then((response) => response.arrayBuffer()),
    init({ module_or_path: "/engine/mien-bench-web.wasm" }),
  ]);
  const network = await Network.load(new Uint8Array(file), "cpu");
  return network.run(await crop, 1, 48, 48);
}
