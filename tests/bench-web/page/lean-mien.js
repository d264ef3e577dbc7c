import { startEngine } from "./engine.js";

export async function predict(crop) {
  const [file, { Network }] = await Promise.all([
    fetch("/models/student-fer2013.mien").then((response) => response.arrayBuffer()),
    startEngine(),
  ]);
  const network = await Network.load(new Uint8Array(file), "cpu");
  return network.run(await crop, 1, 48, 48);
}
