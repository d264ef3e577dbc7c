// onnxruntime-web on the ONNX files that `mien export --onnx` wrote.

import { channelsFirst, channelsLast, DETECT_SIDE, SIDE } from "./inputs.js";

export async function load({ provider, threads }, { face, batch, copies, photo }) {
  const bundle = provider === "webgpu" ? "ort.webgpu.bundle.min.mjs" : "ort.wasm.bundle.min.mjs";
  const ort = await import(`/node_modules/onnxruntime-web/dist/${bundle}`);
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = threads;
  const options = { executionProviders: [provider], graphOptimizationLevel: "all" };
  const open = (name) => ort.InferenceSession.create(`/models/${name}.onnx`, options);
  const student = await open("student-fer2013");
  const detector = await open("centerface");
  const task = (session, data, channels, side) => {
    const count = data.length / (channels * side * side);
    const input = new ort.Tensor("float32", data, [count, channels, side, side]);
    return async () => {
      const outputs = await session.run({ input });
      return session.outputNames.map((name) => outputs[name]);
    };
  };
  const classify = (data) => {
    const run = task(student, data, 1, SIDE);
    return async () => (await run())[0].data;
  };
  const find = task(detector, channelsFirst(photo, 3), 3, DETECT_SIDE);
  return {
    student: classify(face),
    batch: classify(batch),
    occlusion: classify(copies),
    detect: async () => {
      const maps = (await find()).map(({ data, dims }) => channelsLast(data, dims[1]));
      const all = new Float32Array(maps.reduce((sum, map) => sum + map.length, 0));
      maps.reduce((at, map) => (all.set(map, at), at + map.length), 0);
      return all;
    },
  };
}
