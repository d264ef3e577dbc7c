// Chromium, with a profile that nobody has used.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { QUIET_FLAGS, SOFTWARE_WEBGPU_FLAGS, WEBGPU_FLAG } from "../chromium.mjs";

/** Runs of ten seconds and more happen on a software adapter. */
const PATIENCE_MS = 300_000;

/**
 * `adapter`: `software`, or `system` for the one that the machine has. `plain`: as a browser that has
 * no relaxed SIMD.
 */
export async function openBrowser({ adapter, plain }) {
  const profile = await mkdtemp(join(tmpdir(), "mien-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: [
      ...QUIET_FLAGS,
      // Each contestant waits in a tab of its own for its turn.
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
      ...(adapter === "software" ? SOFTWARE_WEBGPU_FLAGS : [WEBGPU_FLAG]),
    ],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  if (plain) await context.addInitScript(refuseRelaxed);
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, version: context.browser()?.version(), close };
}

/** Makes a page see no relaxed SIMD: the probe ends with `f32x4.relaxed_madd`. */
function refuseRelaxed() {
  const { validate } = WebAssembly;
  const probe = [0xfd, 0x85, 2, 0x0b];
  WebAssembly.validate = (bytes) => {
    const end = [...new Uint8Array(bytes.buffer ?? bytes)].slice(-probe.length);
    return String(end) !== String(probe) && validate.call(WebAssembly, bytes);
  };
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
