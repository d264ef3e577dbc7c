// The expression network is the visitor's choice: another one reads what is shown, and what comes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, photo, probabilities, readPhotos, serveSite } from "./support.js";

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

/** Waits until the card has as many classes. */
async function classes(page, count) {
  const card = page.getByTestId("face-card").first();
  await page.waitForFunction(
    (wanted) => document.querySelectorAll("[data-testid=probability]").length === wanted,
    count,
  );
  return probabilities(card);
}

test("another network reads the photos again, and the address keeps it", async () => {
  const { page, faults } = await openPage(browser, site, "?backend=cpu#photos");
  await readPhotos(page, photo("astronaut.png"));
  const eight = await classes(page, 8);
  assert.ok("contempt" in eight);

  await page.getByTestId("model").selectOption("student-fer2013");
  const seven = await classes(page, 7);
  assert.ok(!("contempt" in seven));
  assert.match(page.url(), /model=student-fer2013/);

  await page.reload();
  await readPhotos(page, photo("astronaut.png"));
  assert.deepEqual(await classes(page, 7), seven);
  assert.equal(await page.getByTestId("model").inputValue(), "student-fer2013");

  await page.getByTestId("model").selectOption("student-ferplus");
  assert.deepEqual(await classes(page, 8), eight);
  assert.deepEqual(faults, []);
  await page.close();
});

test("a network that cannot be loaded is not taken, and the last one stays", async () => {
  const broken = await serveSite({ without: "student-ferplus" });
  const { page } = await openPage(browser, broken, "?backend=cpu&model=student-fer2013#photos");
  await readPhotos(page, photo("astronaut.png"));
  const before = await classes(page, 7);
  await page.getByTestId("model").selectOption("student-ferplus");
  await page.waitForFunction(
    () => document.querySelector("[data-testid=model]").value === "student-fer2013",
  );
  assert.deepEqual(await classes(page, 7), before);
  await page.close();
  await broken.close();
});
