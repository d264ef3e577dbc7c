// The networks of the studies side by side, on both backends, and the table of all systems.

import assert from "node:assert/strict";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { engineReady, openBrowser, openPage, photo, probabilities, readPhotos, root, serveSite } from "./support.js";

/** The issue wants at least so many on one photo. */
const NETWORKS = 8;
/** A software GPU takes seconds for a network, and its program is compiled first. */
const PATIENCE_MS = 240_000;
/** How far the backends may differ in a probability: they add in another order. */
const TOLERANCE = 2e-3;

const folder = join(root, "dist/studies");
const files = await readdir(folder).catch(() => []);
const networks = files.filter((file) => file.endsWith(".safetensors"));
const sizes = await Promise.all(networks.map(async (file) => (await stat(join(folder, file))).size));
/** The networks of the site, the smallest first. */
const names = networks
  .map((file, index) => [file.replace(/-[0-9a-f]{10}\.safetensors$/, ""), sizes[index]])
  .sort(([, one], [, other]) => one - other)
  .map(([name]) => name);
const skipNetworks = names.length < NETWORKS && "the site has too few networks of the studies";
const skipReport = !files.some((file) => file.startsWith("report-")) && "the site has no report of the studies";

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

/** Opens the view with networks chosen and a photo of one face read. */
async function open(query, chosen, { from = site } = {}) {
  const { page, faults } = await openPage(browser, from, `?lang=en${query}&networks=${chosen.join(",")}#compare`);
  page.setDefaultTimeout(PATIENCE_MS);
  await engineReady(page);
  await readPhotos(page, [photo("astronaut.png")]);
  return { page, faults };
}

const column = (page, name) => page.locator(`[data-testid=compare-column][data-network="${name}"]`);

/** What each network says, once all have answered. */
async function answers(page, chosen) {
  const found = {};
  for (const name of chosen) {
    await column(page, name).getByTestId("probability").first().waitFor();
    found[name] = await probabilities(column(page, name));
  }
  return found;
}

describe("eight networks on one photo", { skip: skipNetworks }, () => {
  const chosen = names.slice(0, NETWORKS);
  const said = {};

  for (const backend of ["cpu", "webgpu"]) {
    test(`on ${backend}`, { timeout: 2 * PATIENCE_MS }, async () => {
      const { page, faults } = await open(`&backend=${backend}`, chosen);
      said[backend] = await answers(page, chosen);
      assert.equal(await page.getByTestId("compare-backend").getAttribute("data-backend"), backend);
      assert.equal(await page.getByTestId("compare-column").count(), NETWORKS);
      for (const [name, values] of Object.entries(said[backend])) {
        const sum = Object.values(values).reduce((sum, value) => sum + value, 0);
        assert.ok(Math.abs(sum - 1) < 1e-4, `${name}: ${sum}`);
        const [best] = Object.entries(values).sort(([, one], [, other]) => other - one)[0];
        const words = await column(page, name).locator("strong").textContent();
        assert.ok(words.includes(best), `${name}: ${words}`);
      }
      assert.equal(await page.getByTestId("compare-left-gpu").count(), 0);

      // One map, of the smallest network, is enough for a GPU that is a program.
      const [first] = chosen;
      const mapped = backend === "cpu" ? chosen : [first];
      if (mapped !== chosen) {
        await page.getByTestId("networks-none").click();
        await page.locator(`[data-testid=network][value="${first}"]`).check();
      }
      await page.getByTestId("compare-why").click();
      for (const name of mapped) await column(page, name).getByTestId("compare-saliency").waitFor();
      await page.getByTestId("compare-why").click();
      assert.equal(await page.getByTestId("compare-saliency").count(), 0);
      assert.deepEqual(faults, []);
      await page.close();
    });
  }

  test("both backends say the same", () => {
    for (const name of chosen) {
      for (const [label, value] of Object.entries(said.cpu[name])) {
        const difference = Math.abs(value - said.webgpu[name][label]);
        assert.ok(difference < TOLERANCE, `${name}, ${label}: ${difference}`);
      }
    }
  });
});

test("the keyboard chooses networks, and the choice is kept", { skip: skipNetworks }, async () => {
  const [first, second] = names;
  const { page } = await open("&backend=cpu", [first]);
  await column(page, first).waitFor();
  await page.locator(`[data-testid=network][value="${second}"]`).focus();
  await page.keyboard.press("Space");
  await answers(page, [first, second]);
  await page.locator(`[data-testid=network][value="${first}"]`).focus();
  await page.keyboard.press("Space");
  await column(page, first).waitFor({ state: "detached" });
  await page.goto(`${site.url}?lang=en&backend=cpu#photos`);
  await page.locator("[data-view=compare]").click();
  assert.equal(await page.locator(`[data-testid=network][value="${second}"]`).isChecked(), true);
  assert.equal(await page.locator(`[data-testid=network][value="${first}"]`).isChecked(), false);
  await page.getByTestId("networks-all").click();
  assert.equal(await page.locator("[data-testid=network]:checked").count(), names.length);
  await page.getByTestId("networks-none").click();
  assert.equal(await page.locator("[data-testid=network]:checked").count(), 0);
  await page.close();
});

test("a GPU program that does not start leaves the work to the CPU", { skip: skipNetworks }, async () => {
  const incomplete = await serveSite({ without: "mien-compare-webgpu" });
  const { page } = await open("&backend=webgpu", [names[0]], { from: incomplete });
  await page.getByTestId("compare-left-gpu").waitFor();
  await answers(page, [names[0]]);
  assert.equal(await page.getByTestId("compare-backend").getAttribute("data-backend"), "cpu");
  await page.close();
  await incomplete.close();
});

test("a network that cannot be fetched says so", { skip: skipNetworks }, async () => {
  const incomplete = await serveSite({ without: ".safetensors" });
  const { page } = await open("&backend=cpu", [names[0]], { from: incomplete });
  await column(page, names[0]).locator(".message.error").waitFor();
  await page.close();
  await incomplete.close();
});

test("without networks and report the view says so", async () => {
  const change = (name, body) =>
    name === "index.html" ? body.toString().replace(/"studies\/[^}]*},?/g, "").replace(/,}<\/script>/, "}</script>") : body;
  const bare = await serveSite({ change });
  const { page, faults } = await openPage(browser, bare, "?backend=cpu&lang=en#compare");
  await page.getByTestId("networks-missing").waitFor();
  await page.getByTestId("studies-missing").waitFor();
  assert.deepEqual(faults, []);
  await page.close();
  await bare.close();
});

describe("the table of all systems", { skip: skipReport }, () => {
  /** The systems, from top to bottom. */
  const order = (page) =>
    page.getByTestId("study-row").evaluateAll((rows) => rows.map((row) => row.dataset.name));
  const head = (page, by) => page.locator(`th:has([data-testid=sort][data-by=${by}])`);

  test("sorts by any column, by mouse and keyboard", async () => {
    const { page, faults } = await openPage(browser, site, "?backend=cpu&lang=en#compare");
    await page.getByTestId("studies").waitFor();
    const report = files.find((file) => file.startsWith("report-"));
    const { rows } = JSON.parse(await readFile(join(folder, report)));
    const sorted = (key) => [...rows].sort((one, other) => key(one) - key(other)).map((row) => row.name);

    assert.equal(await head(page, "private").getAttribute("aria-sort"), "descending");
    const accuracy = (name) => rows.find((row) => row.name === name).private_test.top1;
    const first = (await order(page)).map(accuracy);
    assert.deepEqual(first, [...first].sort((one, other) => other - one));

    await page.locator("[data-testid=sort][data-by=parameters]").click();
    assert.equal(await head(page, "parameters").getAttribute("aria-sort"), "ascending");
    assert.equal(await head(page, "private").getAttribute("aria-sort"), null);
    assert.deepEqual(await order(page), sorted((row) => row.parameters));
    await page.locator("[data-testid=sort][data-by=bytes]").focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await order(page), sorted((row) => row.bytes));
    await page.keyboard.press("Enter");
    assert.equal(await head(page, "bytes").getAttribute("aria-sort"), "descending");
    assert.deepEqual(faults, []);
    await page.close();
  });

  test("accuracy against size has a point for each system that can be focused", async () => {
    const { page } = await openPage(browser, site, "?backend=cpu&lang=en#compare");
    const points = page.getByTestId("study-point");
    await points.first().waitFor();
    assert.equal(await points.count(), (await order(page)).length);
    await points.first().focus();
    const words = await points.first().getAttribute("aria-label");
    assert.match(words, /\((S\d)\): [\d,.]+ [kM]B, [\d.]+ %/);

    // The best is named; one that a smaller system beats is once it is pointed at.
    const isNamed = (point) =>
      point.locator("text").evaluate((text) => getComputedStyle(text).visibility === "visible");
    const shares = await points.evaluateAll((all) =>
      all.map((point) => Number(/([\d.]+) %$/.exec(point.getAttribute("aria-label"))[1])),
    );
    const best = points.nth(shares.indexOf(Math.max(...shares)));
    assert.equal(await isNamed(best), true);
    const beaten = page.locator("[data-testid=study-point]:not(.unbeaten)").last();
    assert.equal(await isNamed(beaten), false);
    await beaten.focus();
    assert.equal(await isNamed(beaten), true);
    await page.close();
  });
});
