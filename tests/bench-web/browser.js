// Chromium, with a profile that nobody has used.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** Runs of ten seconds and more happen on a software adapter. */
const PATIENCE_MS = 300_000;

/** `adapter`: `software`, or `system` for the one that the machine has. */
export async function openBrowser(adapter) {
  const profile = await mkdtemp(join(tmpdir(), "mien-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: [
      "--no-sandbox",
      "--no-first-run",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Each contestant waits in a tab of its own for its turn.
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
      "--enable-unsafe-webgpu",
      ...(adapter === "software" ? ["--use-webgpu-adapter=swiftshader"] : []),
    ],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, version: context.browser()?.version(), close };
}

/** A page at an address; its errors end the bench. */
export async function openPage({ context }, url) {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${url}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`${url}: ${message.text()}`);
  });
  await page.goto(url);
  return page;
}
