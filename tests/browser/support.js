// What every test needs: the built site on a server of its own, and a browser with a fresh profile.

import { createServer } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const photos = join(root, "tests/photos");

/** How long the slowest step may take: the detector on a software GPU. */
export const PATIENCE_MS = 180_000;

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves `dist/` under a path of its own, without any header that a plain host would not send: the
 * page must need neither the root of a host nor its help.
 */
export async function serveSite() {
  const prefix = "/some/where/";
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const name = normalize(path.slice(prefix.length) || "index.html");
    try {
      if (!path.startsWith(prefix) || name.startsWith("..")) throw new Error("outside");
      const body = await readFile(join(root, "dist", name));
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

/** Starts Chromium with WebGPU on a software adapter and a profile that nobody has used. */
export async function openBrowser(flags = []) {
  const profile = await mkdtemp(join(tmpdir(), "mien-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--no-first-run",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/**
 * Opens the page and writes down what must not happen: errors, policy violations, requests to
 * another origin.
 */
export async function openPage(browser, site, query = "") {
  const page = await browser.context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  browser.context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!["blob:", "data:"].includes(protocol) && origin !== site.origin) {
      faults.push(`request: ${request.url()}`);
    }
  });
  await page.goto(site.url + query);
  return { page, faults };
}
