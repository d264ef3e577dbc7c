// Lighthouse on the built site, served as hosts serve it: compressed, kept by the browser. Apart
// from the other tests, because Lighthouse brings 185 MB of packages and is slow.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const LEAST = 0.95;
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
};

let server;
let chrome;

before(async () => {
  const compressed = new Map();
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1);
    const name = normalize(path || "index.html");
    try {
      if (name.startsWith("..")) throw new Error("outside");
      if (!compressed.has(name)) {
        compressed.set(name, brotliCompressSync(await readFile(join(dist, name)), options));
      }
      response.writeHead(200, {
        "content-type": TYPES[extname(name)] ?? "application/octet-stream",
        "content-encoding": "br",
        "cache-control": "max-age=31536000",
      });
      response.end(compressed.get(name));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  chrome = await launch({
    chromePath: process.env.CHROME ?? "/usr/bin/chromium",
    chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
  });
});

after(async () => {
  await chrome?.kill();
  await new Promise((resolve) => server?.close(resolve).closeAllConnections());
});

for (const view of ["photos", "live", "judge", "compare", "about"]) {
  test(`${view} is quick, accessible and well made`, async () => {
    const url = `http://localhost:${server.address().port}/?lang=en#${view}`;
    const onlyCategories = ["performance", "accessibility", "best-practices"];
    const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories }, desktopConfig);
    const audits = Object.values(lhr.audits).filter((it) => it.score !== null && it.score < 0.9);
    const faults = audits.map((it) => `${it.id}: ${it.displayValue ?? it.score}`).join("\n");
    for (const [name, { score }] of Object.entries(lhr.categories)) {
      console.log(`${view}, ${name}: ${Math.round(score * 100)}`);
      assert.ok(score >= LEAST, `${name} is ${score}\n${faults}`);
    }
  });
}
