// Our engine, as the site's page chooses it: with relaxed SIMD where the browser has that.

/** A module with one function that uses `f32x4.relaxed_madd`; see `app/src/page/worker_program.rs`. */
const PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x85, 2, 0x0b],
);

export async function startEngine() {
  const name = WebAssembly.validate(PROBE) ? "relaxed" : "plain";
  const engine = await import(`/engine/${name}.js`);
  await engine.default({ module_or_path: `/engine/${name}.wasm` });
  return engine;
}
