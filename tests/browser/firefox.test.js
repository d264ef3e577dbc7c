// Firefox, on the path that it takes by itself.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFirefox } from "./marionette.js";
import { photo, serveSite } from "./support.js";

const PROGRAM = process.env.FIREFOX;

describe("Firefox", { skip: !PROGRAM && "no FIREFOX" }, () => {
  let site;
  let page;

  before(async () => {
    site = await serveSite();
    page = await openFirefox(PROGRAM);
  });

  after(async () => {
    await page?.close();
    await site?.close();
  });

  const find = (hook, attribute) =>
    page.until(
      (hook, attribute) => document.querySelector(`[data-testid=${hook}]`)?.getAttribute(attribute),
      hook,
      attribute,
    );
  const click = (selector) =>
    page.until((selector) => {
      const control = document.querySelector(selector);
      control?.click();
      return Boolean(control);
    }, selector);
  const says = (words) => page.until((words) => document.body.textContent.includes(words), words);

  test("reads and explains a photo, and is told no other origin", async () => {
    await page.open(`${site.url}?lang=en#photos`);
    assert.match(await find("backend", "data-backend"), /^(cpu|webgpu)$/);
    await page.choose("photo-input", photo("astronaut.png"));
    assert.equal(await find("face-card", "data-label"), "happy");
    await click("[data-testid=explain]");
    await find("saliency", "data-class");
    const foreign = await page.run(async () =>
      fetch("https://example.com/").then(
        () => "reached",
        () => "refused",
      ),
    );
    assert.equal(foreign, "refused");
    const origins = await page.run(() =>
      performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin),
    );
    for (const origin of origins) assert.ok([site.origin, "null"].includes(origin), origin);
  });

  test("works where it lacks WebGPU, and says so when WebGPU is asked for", async () => {
    await page.open(`${site.url}?lang=en&backend=webgpu#photos`);
    const backend = await find("backend", "data-backend");
    if (backend === "cpu") await says("The address asks for WebGPU, but");
    await page.choose("photo-input", photo("astronaut.png"));
    assert.equal(await find("face-card", "data-label"), "happy");
  });

  test("shows every view, and keeps the page on the device", async () => {
    for (const view of ["live", "judge", "about"]) {
      await click(`[data-view=${view}]`);
      await page.until((view) => location.hash === `#${view}`, view);
    }
    await says("works without network");
  });
});
