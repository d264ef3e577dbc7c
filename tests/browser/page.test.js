// The page around the photos: where it is served from, what it may not do, what it says when
// something is missing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { engineReady, openBrowser, openPage, photo, readPhotos, serveSite } from "./support.js";

let site;
let browser;

before(async () => {
  site = await serveSite();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
});

test("the page opens under any path and takes the CPU where WebGPU is software", async () => {
  const { page, faults } = await openPage(browser, site);
  await page.getByRole("heading", { level: 1, name: "Mien" }).waitFor();
  assert.equal(await engineReady(page), "cpu");
  assert.deepEqual(faults, []);
  await page.close();
});

test("the worker's program uses relaxed SIMD where the browser has it", async () => {
  const programs = async (prepare) => {
    const page = await browser.context.newPage();
    const seen = new Set();
    page.on("request", (request) => {
      const [name] = request.url().match(/mien-worker(-relaxed)?(?=-[0-9a-f]+\.js)/) ?? [];
      if (name) seen.add(name);
    });
    if (prepare) await page.addInitScript(prepare);
    await page.goto(`${site.url}?backend=cpu#photos`);
    assert.equal(await engineReady(page), "cpu");
    await page.close();
    return [...seen];
  };
  assert.deepEqual(await programs(), ["mien-worker-relaxed"]);
  const without = () => {
    WebAssembly.validate = () => false;
  };
  assert.deepEqual(await programs(without), ["mien-worker"]);
});

test("each view has an address, a link and a title, and the last one is remembered", async () => {
  const { page, faults } = await openPage(browser, site, "");
  const current = () => page.locator("[aria-current=page]").getAttribute("data-view");
  assert.equal(await current(), "photos");
  for (const view of ["live", "judge", "about"]) {
    const link = page.locator(`[data-view=${view}]`);
    await link.focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction((view) => location.hash === `#${view}`, view);
    assert.equal(await current(), view);
    const name = await link.textContent();
    await page.waitForFunction((name) => document.title === `${name} · Mien`, name);
    await page.waitForFunction(() => document.activeElement.localName === "main");
    assert.equal(await page.getByRole("main").getAttribute("aria-label"), name);
  }
  await page.getByTestId("model-card").waitFor();
  await page.goBack();
  await page.waitForFunction(() => location.hash === "#judge");
  assert.equal(await current(), "judge");
  await page.close();

  const again = await openPage(browser, site, "");
  await again.page.locator("[data-view=judge][aria-current=page]").waitFor();
  await again.page.getByTestId("model-card").waitFor();
  assert.deepEqual([...faults, ...again.faults], []);
  await again.page.close();
});

test("neither page nor worker can reach another origin", async () => {
  const { page } = await openPage(browser, site);
  await engineReady(page);
  const attempt = () =>
    fetch("https://example.com/").then(
      () => "reached",
      () => "refused",
    );
  const violations = [];
  page.on("console", (message) => violations.push(message.text()));
  assert.equal(await page.evaluate(attempt), "refused");
  const [worker] = page.workers();
  assert.equal(await worker.evaluate(attempt), "refused");
  const named = violations.filter((text) => text.includes("Content Security Policy"));
  assert.ok(named.length >= 2, `the policy refused it twice: ${violations}`);
  await page.close();
});

test("without WebGPU the CPU does the work, and the page says so when WebGPU was asked for", async () => {
  const plain = await openBrowser({ webgpu: false });
  const { page, faults } = await openPage(plain, site, "?backend=webgpu#photos");
  assert.equal(await engineReady(page), "cpu");
  await page.getByText("The address asks for WebGPU, but").waitFor();
  await readPhotos(page, photo("astronaut.png"));
  assert.equal(await page.getByTestId("face-card").count(), 1);
  assert.deepEqual(faults, []);
  await plain.close();
});

test("a missing model is named, with a way to go on", async () => {
  const poor = await serveSite({ without: "centerface" });
  const { page } = await openPage(browser, poor);
  const alert = page.getByRole("alert");
  await alert.filter({ hasText: /model could not be loaded.*404/ }).waitFor();
  await alert.getByRole("button", { name: "Start again" }).waitFor();
  await page.close();
  await poor.close();
});
