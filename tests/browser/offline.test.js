// After one visit the page works without network, and a new version is noticed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, photo, readPhotos, serveSite } from "./support.js";

let browser;

before(async () => {
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
});

/** Waits until the site is on the device. */
const kept = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));

test("after one visit everything works without network", async () => {
  const site = await serveSite();
  const first = await openPage(browser, site, "#about");
  await first.page.getByTestId("offline-ready").waitFor();
  await kept(first.page);
  await first.page.close();
  // The host is gone altogether.
  await site.close();

  const { page, faults } = await openPage(browser, site, "?lang=en#photos");
  await readPhotos(page, photo("astronaut.png"));
  assert.equal(await page.getByTestId("face-card").count(), 1);
  await page.getByTestId("explain").click();
  await page.getByTestId("saliency").waitFor();
  await page.getByTestId("view-link").filter({ hasText: "About" }).click();
  await page.getByTestId("class-errors").waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test("a new version is noticed, and taken when the visitor agrees", async () => {
  let addition = "";
  const site = await serveSite({ change: (name, body) => (name === "service-worker.js" ? body + addition : body) });
  const first = await openPage(browser, site, "#about");
  await first.page.getByTestId("offline-ready").waitFor();
  await first.page.close();

  addition = "// another version";
  const { page, faults } = await openPage(browser, site);
  const update = page.getByTestId("update");
  await update.waitFor();
  await page.evaluate(() => (window.isOld = true));
  await update.getByRole("button").click();
  await page.waitForFunction(() => window.isOld === undefined);
  await page.getByTestId("backend").waitFor();
  assert.equal(await page.getByTestId("update").count(), 0);
  assert.deepEqual(faults, []);
  await page.close();
  await site.close();
});

test("what is stored can be forgotten", async () => {
  const site = await serveSite();
  const { page } = await openPage(browser, site, "#about");
  await page.getByTestId("offline-ready").waitFor();
  await page.getByTestId("forget").click();
  await page.getByText("Nothing of this page is stored any more.").waitFor();
  const left = await page.evaluate(async () => ({
    caches: await caches.keys(),
    settings: Object.keys(localStorage),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  assert.deepEqual(left, { caches: [], settings: [], workers: 0 });
  await page.close();
  await site.close();
});
