// Loads the built site and writes what it takes into reports/load.json: `npm run photos`, `faces`,
// `rows`, `camera`, or `load` for all. It stands apart from the tests because it takes up to an hour.
// `MIEN_CAMERA_MINUTES` says how long the camera runs, 30 by default. The browser is that of the
// browser tests, with the packages in `tests/browser`.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser, photo, root, serveSite } from "../browser/support.js";
import { writeMjpeg } from "../browser/video.js";

const REPORT = join(root, "reports/load.json");
const PHOTOS = 1000;
const FACES = 50;
const ROWS = 20_000;
const CAMERA_MINUTES = Number(process.env.MIEN_CAMERA_MINUTES ?? 30);
/** How often the camera's memory is looked at, in seconds. */
const SAMPLE_EVERY = 15;
/** Samples at the beginning and at the end whose medians are compared; the first minute warms up. */
const WARM_UP = 4;
const COMPARED = 6;

const MEGABYTE = 2 ** 20;
const now = () => performance.now() / 1000;
const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
const rounded = (value) => Math.round(value * 10) / 10;

/** Counts the buffers of the GPU and remembers wasm memories; runs in page and worker. */
function count() {
  self.gpuBytes = 0;
  const create = self.GPUDevice?.prototype.createBuffer;
  if (create) {
    GPUDevice.prototype.createBuffer = function (settings) {
      const buffer = create.call(this, settings);
      self.gpuBytes += settings.size;
      const destroy = buffer.destroy;
      buffer.destroy = function () {
        self.gpuBytes -= settings.size;
        return destroy.call(this);
      };
      return buffer;
    };
  }
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...settings) => {
      const result = await original.apply(WebAssembly, settings);
      // The page's parts share the memory of its main program and export none.
      self.wasmMemory ??= (result.instance ?? result).exports.memory;
      return result;
    };
  }
}

/** Opens the page with the counts in page and worker. */
async function open(browser, site, query) {
  const page = await browser.context.newPage();
  await page.addInitScript(count);
  await page.addInitScript((count) => {
    window.Blob = class extends Blob {
      constructor(parts, options) {
        const isWorker = options?.type === "text/javascript";
        const late = (part) => `(${count})();\n${part.replace(/^import (.*);$/, "await import($1);")}`;
        super(isWorker ? parts.map(late) : parts, options);
      }
    };
  }, count.toString());
  await page.goto(site.url + query);
  await page.getByTestId("backend").waitFor();
  return page;
}

/** Megabytes of the page's heap after a collection, of the wasm memories, and of GPU buffers. */
async function memory(page, session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const wasm = (scope) => scope.evaluate(() => self.wasmMemory?.buffer.byteLength ?? 0);
  const [worker] = page.workers();
  return {
    heap: rounded(usedSize / MEGABYTE),
    page_wasm: rounded((await wasm(page)) / MEGABYTE),
    worker_wasm: rounded((await wasm(worker)) / MEGABYTE),
    gpu_buffers: rounded((await worker.evaluate(() => self.gpuBytes)) / MEGABYTE),
  };
}

async function withPage(site, query, work, flags = []) {
  const browser = await openBrowser({ flags });
  browser.context.setDefaultTimeout(3_600_000);
  try {
    const page = await open(browser, site, query);
    return await work(page, await browser.context.newCDPSession(page));
  } finally {
    await browser.close();
  }
}

const CASES = {
  /** A thousand photos in one drop. */
  photos: (site) =>
    withPage(site, "?lang=en&backend=cpu#photos", async (page, session) => {
      const portrait = await readFile(photo("astronaut.png"), "base64");
      const before = await memory(page, session);
      const start = now();
      await page.evaluate(
        ({ portrait, count }) => {
          const bytes = Uint8Array.from(atob(portrait), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          for (let i = 0; i < count; i++) transfer.items.add(new File([bytes], `${i}.png`, { type: "image/png" }));
          window.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer }));
        },
        { portrait, count: PHOTOS },
      );
      await page.getByTestId("status").filter({ hasText: `in ${PHOTOS} photos` }).waitFor();
      const seconds = rounded(now() - start);
      const words = await page.getByTestId("status").textContent();
      return { photos: PHOTOS, seconds, status: words.trim(), before, after: await memory(page, session) };
    }),

  /** A photo of fifty faces. */
  faces: (site) =>
    withPage(site, "?lang=en&backend=cpu#photos", async (page, session) => {
      const portrait = await readFile(photo("astronaut.png"), "base64");
      const picture = await page.evaluate(
        async ({ portrait, count }) => {
          const face = new Image();
          face.src = `data:image/png;base64,${portrait}`;
          await face.decode();
          const [columns, side] = [10, 160];
          const canvas = new OffscreenCanvas(columns * side, Math.ceil(count / columns) * side);
          const context = canvas.getContext("2d");
          for (let i = 0; i < count; i++) {
            const [x, y] = [(i % columns) * side, Math.floor(i / columns) * side];
            context.drawImage(face, 124, 18, 200, 200, x, y, side, side);
          }
          const blob = await canvas.convertToBlob({ type: "image/png" });
          return Array.from(new Uint8Array(await blob.arrayBuffer()));
        },
        { portrait, count: FACES },
      );
      const start = now();
      const file = { name: "crowd.png", mimeType: "image/png", buffer: Buffer.from(picture) };
      await page.getByTestId("photo-input").setInputFiles(file);
      await page.getByTestId("status").filter({ hasText: "found" }).waitFor();
      const seconds = rounded(now() - start);
      const found = await page.getByTestId("face-card").count();
      return { faces: FACES, found, seconds, after: await memory(page, session) };
    }),

  /** Twenty thousand rows of a CSV. */
  rows: (site) =>
    withPage(site, "?lang=en&backend=cpu&model=student-fer2013#judge", async (page, session) => {
      const before = await memory(page, session);
      const lines = Array.from({ length: ROWS }, (_, seed) => {
        const pixels = Array.from({ length: 48 * 48 }, (_, i) => ((i * (1 + (seed % 7)) + seed) * 9) % 256);
        return `${seed % 7},${pixels.join(" ")},PublicTest\n`;
      });
      const folder = await mkdtemp(join(tmpdir(), "mien-load-"));
      const path = join(folder, "rows.csv");
      await writeFile(path, ["emotion,pixels,Usage\n", ...lines].join(""));
      await page.getByTestId("judge-csv").setInputFiles(path);
      const start = now();
      await page.getByTestId("judge-start").click();
      const result = page.getByTestId("judge-result");
      await result.waitFor();
      const seconds = rounded(now() - start);
      const judged = Number(await result.getAttribute("data-samples"));
      await rm(folder, { recursive: true });
      return { rows: ROWS, judged, seconds, before, after: await memory(page, session) };
    }),

  /** The camera, with its memory looked at again and again. */
  camera: async (site) => {
    const folder = await mkdtemp(join(tmpdir(), "mien-load-"));
    const video = join(folder, "face.mjpeg");
    await writeMjpeg("face", video);
    const flags = [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${video}`,
    ];
    const run = async (page, session) => {
      await page.getByTestId("camera-start").click();
      await page.getByTestId("first-use-accept").click();
      await page.getByTestId("camera-face").first().waitFor();
      const samples = [];
      const end = now() + 60 * CAMERA_MINUTES;
      while (now() < end) {
        await page.waitForTimeout(1000 * SAMPLE_EVERY);
        samples.push(await memory(page, session));
      }
      const steady = samples.slice(WARM_UP);
      const growth = {};
      for (const key of Object.keys(samples[0])) {
        const of = (part) => median(part.map((sample) => sample[key]));
        const [first, last] = [of(steady.slice(0, COMPARED)), of(steady.slice(-COMPARED))];
        growth[key] = first === 0 ? 0 : rounded((100 * (last - first)) / first);
      }
      const rate = await page.getByTestId("live-rate").textContent();
      return { minutes: CAMERA_MINUTES, rate: rate.trim(), growth_percent: growth, samples };
    };
    const result = await withPage(site, "?lang=en&backend=cpu#live", run, flags);
    await rm(folder, { recursive: true });
    return result;
  },
};

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(CASES);
const site = await serveSite();
for (const name of names) {
  console.log(`${name}...`);
  const measured = { command: `npm run ${name}`, ...(await CASES[name](site)) };
  console.log(JSON.stringify({ ...measured, samples: undefined }));
  const report = JSON.parse(await readFile(REPORT, "utf8").catch(() => "{}"));
  await writeFile(REPORT, `${JSON.stringify({ ...report, [name]: measured }, null, 1)}\n`);
}
await site.close();
process.exit();
