// Why a face is read as it is: methods, their settings, words and files.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { download, openBrowser, openPage, photo, serveSite } from "./support.js";

let site;
let browser;

before(async () => {
  site = await serveSite();
  browser = await openBrowser({ webgpu: false });
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** The picture of the map, once it has been worked out. */
async function picture(page) {
  await page.locator(".explanation[aria-busy=false]").waitFor();
  return page.getByTestId("saliency").evaluate((canvas) => canvas.toDataURL());
}

test("each method gives a map of its own, and the address keeps the method", async () => {
  const { page, faults } = await openPage(browser, site);
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("explain").click();
  await page.getByTestId("saliency").waitFor();
  const pictures = new Set();
  const verdicts = {};
  const methods = await page
    .getByTestId("explain-method")
    .locator("option")
    .evaluateAll((options) => options.map((option) => option.value));
  for (const method of methods) {
    await page.getByTestId("explain-method").selectOption(method);
    await page.locator(`[data-testid=saliency][data-method="${method}"]`).waitFor();
    pictures.add(await picture(page));
    verdicts[method] = await page.getByTestId("method-verdict").getAttribute("data-passed");
  }
  assert.deepEqual([verdicts.occlusion, verdicts["grad-cam"]], ["true", "false"]);
  assert.equal(pictures.size, methods.length);
  assert.equal(new URL(page.url()).searchParams.get("method"), methods.at(-1));
  assert.deepEqual(faults, []);
  await page.close();
});

test("patch and stride change the map, words say what parts do, and both can be saved", async () => {
  const { page, faults } = await openPage(browser, site, "?method=occlusion#photos");
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("explain").click();
  await page.getByTestId("saliency").waitFor();
  const fine = await picture(page);
  await page.getByTestId("setting-patch").fill("16");
  await page.getByTestId("setting-patch").press("Enter");
  await page.waitForFunction(
    (last) => document.querySelector("[data-testid=saliency]").toDataURL() !== last,
    fine,
  );
  await page.getByTestId("setting-stride").fill("16");
  await page.getByTestId("setting-stride").press("Enter");

  const summary = await page.getByTestId("explain-summary").textContent();
  assert.match(summary, /^Covering .* (lowers|raises|hardly changes) /);

  await picture(page);
  const rows = (await download(page, "download-grid")).toString().trimEnd().split("\r\n");
  assert.deepEqual([rows.length, rows[0].split(",").length], [48, 48]);
  const png = await download(page, "download-map");
  assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
  assert.deepEqual(faults, []);
  await page.close();
});
