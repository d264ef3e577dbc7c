import * as ort from "/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";

export async function predict(crop) {
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create("/models/student-fer2013.onnx", {
    executionProviders: ["wasm"],
  });
  const input = new ort.Tensor("float32", await crop, [1, 1, 48, 48]);
  return (await session.run({ input })).output.data;
}
