// How tests and benches start Chromium.

/** It asks nobody anything, and does nothing of its own accord. */
export const QUIET_FLAGS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** WebGPU, on whichever adapter there is. */
export const WEBGPU_FLAG = "--enable-unsafe-webgpu";

/** WebGPU on Chromium's software adapter. */
export const SOFTWARE_WEBGPU_FLAGS = [WEBGPU_FLAG, "--use-webgpu-adapter=swiftshader"];
