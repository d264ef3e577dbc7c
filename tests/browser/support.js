// What every test needs: the built site on a server of its own, and a browser with a fresh profile.

import { createServer } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { QUIET_FLAGS, SOFTWARE_WEBGPU_FLAGS } from "../chromium.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The path of a test photo. */
export const photo = (name) => join(root, "tests/photos", name);

/** The classes of FER2013, in its order. */
export const FER2013_CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];

/** The classes of the network that the page begins with. */
export const CLASSES = [...FER2013_CLASSES, "contempt"];

/** How long the slowest step may take: networks on a software GPU. */
const PATIENCE_MS = 90_000;

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".webmanifest": "application/manifest+json",
};

/**
 * Serves a folder, as a rule `dist/`, under a path of its own, without any header that a plain host would not send: the
 * page must need neither the root of a host nor its help. Files whose name holds `without` are not
 * there; `change` may give other contents to a file, or `null` for one that never comes.
 */
export async function serveSite({ folder = "dist", without, change = (name, body) => body } = {}) {
  const prefix = "/some/where/";
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const name = normalize(path.slice(prefix.length) || "index.html");
    try {
      if (!path.startsWith(prefix) || name.startsWith("..")) throw new Error("outside");
      if (without && name.includes(without)) throw new Error("left out");
      const body = change(name, await readFile(join(root, folder, name)));
      if (body === null) return;
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${server.address().port}`;
  return {
    origin,
    url: origin + prefix,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

/** Starts Chromium with a profile that nobody has used, and with WebGPU on a software adapter. */
export async function openBrowser({ flags = [], webgpu = true } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "mien-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: [...QUIET_FLAGS, ...(webgpu ? SOFTWARE_WEBGPU_FLAGS : []), ...flags],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const close = async () => {
    open.delete(close);
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  open.add(close);
  return { context, close };
}

/** What closes the browsers of tests that failed before they could: Node waits for them. */
const open = new Set();
after(() => Promise.all([...open].map((close) => close())));

/**
 * Opens the page at a query and a view, such as `?backend=cpu#live`. `faults` collects what must not happen: errors, violations of the security
 * policy, and requests to another origin, of the page and of its worker.
 */
export async function openPage(browser, site, query = "#photos") {
  const page = await browser.context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!["blob:", "data:"].includes(protocol) && origin !== site.origin) {
      faults.push(`request: ${request.url()}`);
    }
  });
  await page.goto(site.url + query);
  return { page, faults };
}

/** Waits until the engine can work; gives the backend's name. */
export async function engineReady(page) {
  return page.getByTestId("backend").getAttribute("data-backend");
}

/** Hands photos to the page and waits until all have been read or refused. */
export async function readPhotos(page, files) {
  await page.getByTestId("photo-input").setInputFiles(files);
  await page.getByTestId("status").filter({ hasText: /found/ }).waitFor();
}

/** The probabilities of a card, by class. */
export async function probabilities(card) {
  const bars = await card.getByTestId("probability").all();
  const entries = bars.map(async (bar) => [
    await bar.getAttribute("data-class"),
    Number(await bar.getAttribute("data-value")),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** The file that a button offers, as bytes. */
export async function download(page, button) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId(button).click(),
  ]);
  return readFile(await file.path());
}

/** The results as the page offers them for download. */
export async function downloadResults(page) {
  return JSON.parse(await download(page, "download-json"));
}

/** Mean and standard deviation of the gray values of a canvas. */
export async function canvasSpread(canvas) {
  return canvas.evaluate((element) => {
    const { data } = element.getContext("2d").getImageData(0, 0, element.width, element.height);
    const gray = [];
    for (let i = 0; i < data.length; i += 4) gray.push((data[i] + data[i + 1] + data[i + 2]) / 3);
    const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
    const square = gray.reduce((sum, value) => sum + (value - mean) ** 2, 0) / gray.length;
    return { mean, deviation: Math.sqrt(square) };
  });
}
