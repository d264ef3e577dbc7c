// @vladmandic/human with its detector and its emotion network, nothing else.

import { decodedPhoto } from "./inputs.js";

/** Set up as its documentation says for wasm. */
export async function start() {
  const { Human } = await import("/node_modules/@vladmandic/human/dist/human.esm.js");
  const off = { enabled: false };
  const human = new Human({
    backend: "wasm",
    wasmPath: "/node_modules/@tensorflow/tfjs-backend-wasm/dist/",
    modelBasePath: "/node_modules/@vladmandic/human/models/",
    // Every call is a new photo.
    cacheSensitivity: 0,
    warmup: "none",
    face: {
      enabled: true,
      detector: { enabled: true, rotation: false, maxDetected: 20 },
      mesh: off,
      iris: off,
      description: off,
      antispoof: off,
      liveness: off,
      emotion: { enabled: true },
    },
    body: off,
    hand: off,
    object: off,
    gesture: off,
    segmentation: off,
  });
  await human.load();
  return human;
}

/** The faces of a photo in the form that ours are given in. */
export async function read(human, photo) {
  const { face, error } = await human.detect(photo);
  if (error) throw new Error(error);
  return face.map(({ box, emotion }) => ({ box: [...box], label: emotion[0]?.emotion }));
}

export async function load() {
  const human = await start();
  const photo = await decodedPhoto();
  return { photo: () => read(human, photo) };
}
