// Serves the bench: its pages, the packages it compares with, the models, our engine, and the site.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

export const here = fileURLToPath(new URL("./", import.meta.url));
export const root = fileURLToPath(new URL("../../", import.meta.url));
/** What a run leaves behind for the next: compressed files, exported models, the photo. */
export const cache = join(here, ".cache");

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
};
/** Pictures are compressed already. */
const COMPRESSED = [".jpg", ".png", ".webp"];

const compress = promisify(brotliCompress);

/** A file as a good host sends it: in brotli, compressed once. */
export async function inBrotli(body) {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 24);
  const path = join(cache, "brotli", hash);
  try {
    return await readFile(path);
  } catch {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    const compressed = await compress(body, { params });
    await mkdir(join(cache, "brotli"), { recursive: true });
    await writeFile(path, compressed);
    return compressed;
  }
}

/** Folders by the start of the path; the first that fits is asked. */
const FOLDERS = [
  ["/site/", join(root, "dist")],
  ["/engine/", join(root, "target/bench-web")],
  ["/models/", join(cache, "models")],
  ["/models/", join(root, "public/models")],
  ["/photos/", join(root, "tests/photos")],
  ["/node_modules/", join(here, "node_modules")],
  ["/photo.jpg", cache],
  ["/", here],
];

async function find(path) {
  for (const [start, folder] of FOLDERS) {
    if (!path.startsWith(start)) continue;
    const rest = start.endsWith("/") ? path.slice(start.length) : path;
    const name = normalize(rest || "index.html");
    if (name.startsWith("..")) break;
    try {
      return await readFile(join(folder, name));
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/**
 * `isolated`: with the headers that shared memory needs, so that runtimes may use threads.
 * `compressed`: in brotli. `sent()` gives the bytes of all bodies sent since it was last asked,
 * without the photo, by path.
 */
export async function serve({ isolated = false, compressed = false }) {
  let sent = new Map();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const type = extname(pathname) || ".html";
    let body = await find(pathname);
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      "content-type": TYPES[type] ?? "application/octet-stream",
      "cache-control": "no-cache",
    };
    if (isolated) {
      headers["cross-origin-opener-policy"] = "same-origin";
      headers["cross-origin-embedder-policy"] = "require-corp";
    }
    if (compressed && !COMPRESSED.includes(type)) {
      body = await inBrotli(body);
      headers["content-encoding"] = "br";
    }
    if (pathname !== "/photo.jpg") sent.set(pathname, body.length);
    response.writeHead(200, { ...headers, "content-length": body.length }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    sent: () => {
      const before = sent;
      sent = new Map();
      return before;
    },
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
