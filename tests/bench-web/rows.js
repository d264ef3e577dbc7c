// What is compared with what, and which ratio is the target: the issue "Engine" of the project's
// plan, row by row. Contestants are the pages of `contestants.js`, tasks those of `page/tasks.js`.

const student = { task: "student", work: "expression network, one face" };
const batch = { task: "batch", work: "expression network, 64 faces" };
const exact = { task: "occlusion", work: "occlusion map of 225 places, exact" };
const approximate = { task: "approximate", work: "occlusion map of 225 places, approximate" };
const detect = { task: "detect", work: "face detection, 320 px" };

/** Times of tasks: ours as a share of another contestant's. */
export const TIMES = [
  { ...student, ours: "mien-cpu", theirs: "ort-wasm-1", target: 0.6 },
  { ...exact, ours: "mien-cpu", theirs: "ort-wasm-1", target: 0.25 },
  { ...exact, ours: "mien-cpu", theirs: "ort-wasm-2", target: 0.45 },
  { ...approximate, ours: "mien-cpu", theirs: "ort-wasm-1", target: 0.1 },
  { ...approximate, ours: "mien-cpu", theirs: "ort-wasm-2", target: 0.1 },
  { ...student, ours: "mien-webgpu", theirs: "ort-webgpu", target: 0.2 },
  { ...student, ours: "mien-webgpu", theirs: "tfjs-webgpu", target: 0.2 },
  { ...batch, ours: "mien-webgpu", theirs: "ort-webgpu", target: 0.2 },
  { ...batch, ours: "mien-webgpu", theirs: "tfjs-webgpu", target: 0.2 },
  { ...detect, ours: "mien-cpu", theirs: "ort-wasm-1", target: 0.7 },
  { ...detect, ours: "mien-webgpu", theirs: "ort-webgpu", target: 0.4 },
  {
    task: "photo",
    work: "photo of 1920 x 1280 to labelled faces",
    ours: "mien-cpu",
    theirs: "human-wasm",
    target: 0.7,
  },
  // No targets, for the picture's sake.
  { ...student, ours: "mien-cpu", theirs: "ort-wasm-2" },
  { ...student, ours: "mien-cpu", theirs: "tfjs-wasm" },
  { ...batch, ours: "mien-cpu", theirs: "ort-wasm-1" },
  { ...batch, ours: "mien-cpu", theirs: "tfjs-wasm" },
];

/** Cold starts: ours as a share of another page's. */
export const STARTS = [
  {
    work: "navigation to first labelled face",
    unit: "ms",
    ours: "mien-page",
    theirs: "human-page",
    target: 0.6,
  },
  {
    work: "bytes to first labelled face",
    unit: "bytes",
    ours: "mien-page",
    theirs: "human-page",
    target: 0.5,
  },
  {
    work: "navigation to first prediction",
    unit: "ms",
    ours: "mien-lean",
    theirs: "ort-lean",
    target: 0.5,
  },
  {
    work: "navigation to first prediction",
    unit: "ms",
    ours: "mien-lean",
    theirs: "tfjs-lean",
    target: 0.5,
  },
];

/** What a visitor of the site downloads at most, in brotli bytes. */
export const BYTES = [
  { work: "bytes before the first prediction, without the detector", part: "page", target: 600_000 },
  { work: "bytes of the detector", part: "detector", target: 1_900_000 },
];

/** How much outputs may differ: absolutely, and as a share of values beyond 1. */
export const TOLERANCE = 1e-4;
/** How well an approximate map has to keep the order of an exact one: Spearman's coefficient. */
export const RANK_CORRELATION = 0.97;
