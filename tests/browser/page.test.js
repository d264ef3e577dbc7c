import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, serveSite } from "./support.js";

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

test("the page opens under any path without a fault", async () => {
  const { page, faults } = await openPage(browser, site);
  await page.getByRole("heading", { level: 1, name: "Mien" }).waitFor();
  assert.deepEqual(faults, []);
});
