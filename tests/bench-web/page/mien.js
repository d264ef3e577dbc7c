// Our engine, on the CPU or on WebGPU.

import { startEngine } from "./engine.js";
import { decodedPhoto, DETECT_SIDE, SIDE } from "./inputs.js";

const bytes = async (name) => {
  const response = await fetch(`/models/${name}.mien`);
  return new Uint8Array(await response.arrayBuffer());
};

export async function load({ backend }, inputs) {
  const { Network, Reader, adapter } = await startEngine();
  const [student, detector] = await Promise.all(["student-fer2013", "centerface"].map(bytes));
  if (!inputs) {
    // Only asked what the networks are like.
    const layers = async (file) => (await Network.load(file, "cpu")).layers();
    return { student: () => layers(student), detector: () => layers(detector), adapter };
  }
  const { face, batch, places, fill, photo } = inputs;
  const network = await Network.load(student, backend);
  const finder = await Network.load(detector, backend);
  const reader = await Reader.load(detector, student, backend);
  const squares = Uint32Array.from(places.flat());
  const bitmap = await decodedPhoto();
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  const map = async (approximate) => {
    const logits = await network.covered(face, SIDE, SIDE, squares, fill, approximate);
    // The first are those of the face as it is.
    return logits.subarray(logits.length / (places.length + 1));
  };
  return {
    student: () => network.run(face, 1, SIDE, SIDE),
    batch: () => network.run(batch, 64, SIDE, SIDE),
    occlusion: () => map(false),
    approximate: () => map(true),
    detect: () => finder.run(photo, 1, DETECT_SIDE, DETECT_SIDE),
    photo: async () => {
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return JSON.parse(await reader.read(data, width, height));
    },
  };
}
