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
  await page.getByTestId("model-card").waitFor();
  assert.deepEqual(faults, []);
  await page.close();
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
  const { page, faults } = await openPage(plain, site, "?backend=webgpu");
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
