// What callers of the package use. The work is done by a wasm program; here it is started, called in
// order, and its errors become MienErrors. mien.d.ts describes everything.

import MODELS from "./models.js";

const DETECTOR = "centerface";
const USUAL_MODEL = "student-ferplus";

export class MienError extends Error {
  name = "MienError";

  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The program twice, of the same source. Relaxed SIMD multiplies and adds in one instruction, which
 * makes the networks a quarter faster. Bundlers follow imports and URLs only where they are spelt out.
 */
const PROGRAMS = {
  plain: {
    load: () => import("./engine.js"),
    wasm: () => new URL("engine_bg.wasm", import.meta.url),
  },
  relaxed: {
    load: () => import("./engine-relaxed.js"),
    wasm: () => new URL("engine-relaxed_bg.wasm", import.meta.url),
  },
};

/** A module with one function that uses `f32x4.relaxed_madd`: only what has relaxed SIMD takes it. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic number, version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // one type: nothing to v128
  ...[3, 2, 1, 0], // one function of that type
  ...[10, 19, 1, 17, 0], // its code, 17 bytes, no variables
  ...[0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15], // three times i32.const 0, splat
  ...[0xfd, 0x85, 2], // f32x4.relaxed_madd
  0x0b, // end
);

/** The promise of what a program exports that runs; there is one for all. */
let program;
/** Why the program cannot be called any more. */
let crash;
/** What rejects the calls that have not been answered. */
const waiting = new Set();

function startProgram() {
  program ??= loadProgram().catch((error) => {
    // The next call may have more luck.
    program = undefined;
    throw new MienError("fetch", `the engine's program could not be loaded (${error.message})`);
  });
  return program;
}

async function loadProgram() {
  const { load, wasm } = WebAssembly.validate(RELAXED_PROBE) ? PROGRAMS.relaxed : PROGRAMS.plain;
  const engine = await load();
  await engine.default({ module_or_path: wasm() });
  engine.onCrash(endAll);
  return engine;
}

/** After a panic nothing settles any more by itself. */
function endAll(words) {
  crash = new MienError("crashed", `the engine stopped unexpectedly (${words})`);
  for (const reject of waiting) reject(crash);
  waiting.clear();
}

/** The promise of what `work` gives; it is settled even if the program crashes. */
function settled(work) {
  return new Promise((resolve, reject) => {
    if (crash) throw crash;
    waiting.add(reject);
    work()
      .then(resolve, (error) => reject(asMienError(error)))
      .finally(() => waiting.delete(reject));
  });
}

function asMienError(error) {
  if (error instanceof MienError) return error;
  const { code = "engine", message = String(error) } = error ?? {};
  return new MienError(code, message, { cause: error });
}

export function createMien(options = {}) {
  return settled(async () => {
    const { backend, model = USUAL_MODEL, models, onProgress, ...others } = options ?? {};
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new MienError("argument", `options: there is no \`${unknown}\``);
    if (!Object.hasOwn(MODELS, model) || model === DETECTOR) {
      const names = Object.keys(MODELS).filter((name) => name !== DETECTOR);
      throw new MienError("argument", `options: \`model\` must be ${names.join(" or ")}`);
    }
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new MienError("argument", "options: `onProgress` must be a function");
    }
    const folder = modelFolder(models);
    const source = (name) => ({
      url: new URL(`${name}.mien`, folder).href,
      bytes: MODELS[name].bytes,
      sha256: MODELS[name].sha256,
    });
    const engine = await startProgram();
    const setup = {
      detector: source(DETECTOR),
      classifier: source(model),
      uncertainBelow: MODELS[model].uncertainBelow,
      backend,
    };
    const session = await engine.Session.start(setup, onProgress);
    return new Mien(engine, session, MODELS[model].labels);
  });
}

/** The URL of the folder with the models, which ends with a slash whether or not it was given one. */
function modelFolder(models) {
  if (models === undefined) return new URL("models/", import.meta.url);
  try {
    // In a page URLs are relative to the document, as elsewhere in it; a worker has none.
    const url = new URL(models, globalThis.document?.baseURI ?? globalThis.location?.href);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  } catch {
    throw new MienError("argument", "options: `models` must be the URL of a folder");
  }
}

class Mien {
  #engine;
  #session;
  #labels;
  #backend;
  /** Settles when all calls so far are answered: the engine does one thing at a time. */
  #last = Promise.resolve();
  #freed = false;

  constructor(engine, session, labels) {
    this.#engine = engine;
    this.#session = session;
    this.#labels = labels;
    this.#backend = session.backend;
  }

  get backend() {
    return this.#backend;
  }

  get labels() {
    return [...this.#labels];
  }

  detect(source, options = {}) {
    return this.#ask(source, (picture) => this.#session.detect(picture, options));
  }

  classify(source, faces) {
    return this.#ask(source, (picture) => this.#session.classify(picture, faces));
  }

  explain(source, face, options = {}) {
    return this.#ask(source, (picture) => this.#session.explain(picture, face, options));
  }

  free() {
    if (this.#freed) return;
    this.#freed = true;
    this.#last = this.#last.then(() => {
      // A program that has crashed may still hold it.
      if (!crash) this.#session.free();
    });
  }

  /** Takes the picture at once, because a video goes on, and does the work when its turn has come. */
  #ask(source, work) {
    const answer = settled(async () => {
      if (this.#freed) throw new MienError("freed", "this engine has been freed; create another");
      const [picture] = await Promise.all([this.#engine.capture(source), this.#last]);
      const result = await work(picture);
      // It changes when the GPU is lost.
      this.#backend = this.#session.backend;
      return result;
    });
    this.#last = Promise.allSettled([this.#last, answer]);
    return answer;
  }
}
