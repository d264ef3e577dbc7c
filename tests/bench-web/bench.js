// The bench:
// node bench.js [--adapter software|system] [--plain] [--rounds N] [--only TASK,...] [--out FILE]
//   [--note TEXT]
//
// `cargo xtask bench web` builds what it needs and starts it.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser, openPage } from "./browser.js";
import { BYTES, STARTS, TIMES } from "./rows.js";
import { cache, here, inBrotli, root, serve } from "./server.js";
import { measureExplanations } from "./explanations.js";
import { measureStarts } from "./starts.js";
import { render, within } from "./table.js";
import { gather, measure, toRows } from "./tasks.js";

const { values: options } = parseArgs({
  options: {
    adapter: { type: "string", default: "software" },
    plain: { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
    only: { type: "string" },
    note: { type: "string" },
    out: { type: "string", default: join(root, "reports/bench-web.json") },
  },
});
if (!["software", "system"].includes(options.adapter)) {
  throw new Error("--adapter is software or system");
}
const rounds = Number(options.rounds);
if (!(rounds >= 1)) throw new Error("--rounds is a number of at least 1");
const wanted = (name) => !options.only || options.only.split(",").includes(name);
const say = (text) => console.error(text);
/** A photo with one face. */
const FACE = "tests/photos/astronaut.png";

/** The photo with several faces, and where they are. */
async function makePhoto(browser, server) {
  const page = await openPage(browser, `${server.url}/page/contestant.html`);
  const { bytes, faces } = await page.evaluate(async () => {
    const { makeScene, FACES } = await import("./scene.js");
    return { bytes: await makeScene(), faces: FACES };
  });
  await page.close();
  await writeFile(join(cache, "photo.jpg"), Buffer.from(bytes));
  return faces;
}

/** What our engine says of the networks: layers with weights, and how inputs are normalised. */
async function askOurs(browser, server) {
  const page = await openPage(browser, `${server.url}/page/contestant.html`);
  await page.evaluate(() => window.prepare("mien", {}));
  const ask = async (what) => JSON.parse(await page.evaluate((what) => window.output(what), what));
  const [student, detector] = [await ask("student"), await ask("detector")];
  const adapter = await ask("adapter").catch(() => undefined);
  await page.close();
  await writeFile(join(cache, "models/student-fer2013.layers.json"), JSON.stringify(bare(student)));
  const weights = Float32Array.from(student.layers.flatMap(weightsOf));
  await writeFile(join(cache, "models/student-fer2013.f32"), Buffer.from(weights.buffer));
  const inputs = { student: student.input, detector: detector.input };
  return { inputs, layers: JSON.stringify(student), adapter };
}

const weightsOf = ({ kind }) => (kind.Conv ? [...kind.Conv.weight, ...kind.Conv.bias] : []);

/** Layers with the numbers of weights in their place. */
function bare(plan) {
  const count = ({ kind, ...layer }) => {
    if (!kind.Conv) return { kind, ...layer };
    const { weight, bias } = kind.Conv;
    return { ...layer, kind: { Conv: { ...kind.Conv, weight: weight.length, bias: bias.length } } };
  };
  return { ...plan, layers: plan.layers.map(count) };
}

/** Brotli bytes of what a visitor of the site loads before the first prediction. */
async function siteBytes() {
  const budget = JSON.parse(await readFile(join(root, "xtask/size-budget.json"), "utf8"));
  const plain = (name) => name.replace(/-[0-9a-f]{8,}(?=\.)/, "");
  const sizes = { page: 0, detector: 0 };
  for (const entry of await readdir(join(root, "dist"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = plain(path.slice(join(root, "dist/").length));
    // The worker that compares networks comes only when it is asked for.
    if (budget[name] === undefined || name.startsWith("mien-compare")) continue;
    const { length } = await inBrotli(await readFile(path));
    sizes[name.includes("centerface") ? "detector" : "page"] += length;
  }
  return sizes;
}

async function versions() {
  const { devDependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  return devDependencies;
}

await mkdir(join(cache, "models"), { recursive: true });
const browser = await openBrowser(options);
const server = await serve({ isolated: true });
const truth = await makePhoto(browser, server);
const { adapter, ...known } = await askOurs(browser, server);

const tasks = TIMES.filter((row) => wanted(row.task));
const names = [...new Set(tasks.flatMap((row) => [row.ours, row.theirs]))];
const pages = await gather(browser, server, names, known);
const rows = toRows(tasks, await measure(pages, tasks, rounds, say), truth);
if (wanted("explanations")) {
  const face = await readFile(join(root, FACE));
  rows.push(...(await measureExplanations(browser, server, face, rounds, say)));
}
const { version } = browser;
await browser.close();
await server.close();

if (wanted("starts")) {
  const plain = await serve({ compressed: true });
  const photo = await readFile(join(cache, "photo.jpg"));
  rows.push(...(await measureStarts(plain, STARTS, rounds, options, photo, say)));
  await plain.close();
}
if (wanted("bytes")) {
  const sizes = await siteBytes();
  const limits = BYTES.map(({ work, part, target }) =>
    within({ work, unit: "bytes", samples: [sizes[part]], target }),
  );
  rows.push(...limits);
}

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    gigabytes: Math.round(totalmem() / 2 ** 30),
  },
  browser: `Chromium ${version}`,
  adapter,
  relaxed_simd: !options.plain,
  note: options.note,
  rounds,
  versions: await versions(),
  rows,
};
await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
const kind = adapter?.software ? "a program on the CPU" : "hardware";
say(`${report.browser}; ${report.machine.cpu}, ${report.machine.cores} cores`);
say(adapter ? `WebGPU adapter: ${adapter.name}, ${kind}` : "no WebGPU adapter");
console.log(render(rows));
