// Languages and colours: chosen, kept, shared in the address.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, photo, readPhotos, serveSite } from "./support.js";

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

const lang = (page) => page.locator("html").getAttribute("lang");

test("the language is chosen, kept, and photos stay", async () => {
  const { page, faults } = await openPage(browser, site);
  assert.equal(await lang(page), "en");
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("face-card").waitFor();

  await page.getByTestId("language").selectOption("de");
  assert.equal(await lang(page), "de");
  await page.getByTestId("status").filter({ hasText: "1 Gesicht gefunden" }).waitFor();
  await page.getByText("der Ausdruck ähnelt").waitFor();
  assert.equal(await page.getByTestId("photo").count(), 1);
  await page.waitForFunction(() => document.activeElement.dataset.testid === "language");
  await page.waitForFunction(() => document.title === "Fotos · Mien");
  assert.equal(new URL(page.url()).searchParams.get("lang"), "de");
  await page.close();

  const again = await openPage(browser, site);
  assert.equal(await lang(again.page), "de");
  await again.page.close();
  const asked = await openPage(browser, site, "?lang=es#about");
  assert.equal(await lang(asked.page), "es");
  await asked.page.getByRole("heading", { name: "Acerca de Mien" }).waitFor();
  assert.deepEqual([...faults, ...again.faults, ...asked.faults], []);
  await asked.page.close();
});

test("colours follow the system until the visitor chooses", async () => {
  const { page, faults } = await openPage(browser, site);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByTestId("theme").waitFor();
  await page.emulateMedia({ colorScheme: "light" });
  const light = await paper();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await paper();
  assert.notEqual(light, dark);
  await page.getByTestId("theme").selectOption("light");
  assert.equal(await paper(), light);
  await page.close();

  const again = await openPage(browser, site);
  await again.page.emulateMedia({ colorScheme: "dark" });
  await again.page.getByTestId("theme").waitFor();
  const kept = await again.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(kept, light);
  assert.deepEqual([...faults, ...again.faults], []);
  await again.page.close();
});
