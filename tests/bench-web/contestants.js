// Who takes part: a page each, because a runtime is set up once a page.

/** Pages that run tasks again and again: the module in `page/` and what it is told. */
export const CONTESTANTS = {
  "mien-cpu": { module: "mien", options: { backend: "cpu" } },
  "ort-wasm-1": { module: "ort", options: { provider: "wasm", threads: 1 } },
  "ort-wasm-2": { module: "ort", options: { provider: "wasm", threads: 2 } },
  "tfjs-wasm": { module: "tfjs", options: { backend: "wasm" } },
  "human-wasm": { module: "human", options: {} },
  "mien-webgpu": { module: "mien", options: { backend: "webgpu" } },
  "ort-webgpu": { module: "ort", options: { provider: "webgpu", threads: 1 } },
  "tfjs-webgpu": { module: "tfjs", options: { backend: "webgpu" } },
};

/** Pages that are opened with an empty cache, and say when they have their first result. */
export const PAGES = {
  "mien-page": "/site/?backend=cpu#photos",
  "human-page": "/page/human.html",
  "mien-lean": "/page/lean.html#mien",
  "ort-lean": "/page/lean.html#ort",
  "tfjs-lean": "/page/lean.html#tfjs",
};
