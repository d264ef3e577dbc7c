// Why a face is read as it is: methods, their settings, words and files.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CLASSES, download, openBrowser, openPage, photo, probabilities, serveSite } from "./support.js";

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

/** Opens the page and the explanation of the face in the test photo. */
async function explained(query) {
  const { page, faults } = await openPage(browser, site, `${query}#photos`);
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("explain").click();
  return { page, faults, card: page.getByTestId("face-card") };
}

/** The canvas once it shows a layer. */
const laid = (page, layer, rest = "") => page.locator(`[data-testid=saliency][data-layer=${layer}]${rest}`);

const settings = (page) => Object.fromEntries(new URL(page.url()).searchParams);

/** The values that the page saves, `[48][48]`. */
async function grid(page) {
  const rows = (await download(page, "download-grid")).toString().trimEnd().split("\r\n");
  return rows.map((row) => row.split(",").map(Number));
}

/** The picture of the map, once it has been worked out. */
async function picture(page) {
  await page.locator(".explanation[aria-busy=false]").waitFor();
  return page.getByTestId("saliency").evaluate((canvas) => canvas.toDataURL());
}

test("each method gives a map of its own, and the address keeps the method", async () => {
  // As if one method had not been faithful.
  const change = (name, body) => {
    if (!name.startsWith("faithfulness/")) return body;
    const report = JSON.parse(body);
    const row = report.rows.find(({ method }) => method && "gradient-input" in method);
    row.verdict.inserts_better = false;
    return JSON.stringify(report);
  };
  const doubtful = await serveSite({ change });
  const { page, faults } = await openPage(browser, doubtful);
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
  assert.deepEqual([verdicts.occlusion, verdicts["gradient-input"]], ["true", "false"]);
  assert.equal(pictures.size, methods.length);
  assert.equal(new URL(page.url()).searchParams.get("method"), methods.at(-1));
  assert.deepEqual(faults, []);
  await page.close();
  await doubtful.close();
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

for (const backend of ["cpu", "webgpu"]) {
  describe(`on ${backend}`, () => {
    test("one class is set against another, in the map and in words, and the address keeps it", async () => {
      const { page, faults, card } = await explained(`?backend=${backend}&layer=map&method=occlusion`);
      await laid(page, "map").waitFor();
      const label = await card.getAttribute("data-label");
      const alone = await grid(page);
      const shares = await probabilities(card);
      const other = Object.keys(shares).find((name) => name !== label && shares[name] > 0);
      await page.getByTestId("saliency-against").selectOption(other);
      await laid(page, "map", `[data-against=${other}]`).waitFor();
      const both = await grid(page);
      assert.notDeepEqual(both, alone);
      // The difference of two maps: what covering does to one class less what it does to the other.
      await page.getByTestId("saliency-class").selectOption(other);
      await laid(page, "map", `[data-class=${other}]:not([data-against])`).waitFor();
      const others = await grid(page);
      for (const [row, column] of [[10, 10], [24, 24], [36, 20], [47, 47]]) {
        const difference = alone[row][column] - others[row][column];
        assert.ok(Math.abs(both[row][column] - difference) < 1e-3, `${row}, ${column}`);
      }
      await page.getByTestId("saliency-class").selectOption(label);
      await laid(page, "map", `[data-against=${other}]`).waitFor();

      const lead = shares[label] - shares[other];
      const words = await page.getByTestId("explain-contrast").textContent();
      assert.match(words, new RegExp(`^Why ${label} and not ${other}: it is (\\d\\.\\d\\d) ahead`));
      assert.ok(Math.abs(Number(/\d\.\d\d/.exec(words)[0]) - lead) < 0.0051);
      await page.locator("[data-testid=explain-summary]", { hasText: `${label} over ${other}` }).waitFor();
      await page.getByTestId("saliency").focus();
      await page.keyboard.press("ArrowDown");
      const value = await page.getByTestId("saliency-value").textContent();
      assert.match(value, new RegExp(`the lead of ${label} over ${other}`));
      assert.equal(settings(page).against, other);
      assert.deepEqual(faults, []);

      await page.reload();
      await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
      await page.getByTestId("explain").click();
      await laid(page, "map", `[data-against=${other}]`).waitFor();
      await page.getByTestId("saliency-against").selectOption("");
      await laid(page, "map", ":not([data-against])").waitFor();
      assert.equal(await page.getByTestId("explain-contrast").count(), 0);
      await page.close();
    });

    test("a small covered area changes the reading, and the page shows and says so", async () => {
      const { page, faults, card } = await explained(`?backend=${backend}&layer=counter-example`);
      await laid(page, "counter-example").waitFor();
      const label = await card.getAttribute("data-label");
      const found = page.getByTestId("counter-example");
      const after = await found.getAttribute("data-after");
      const area = Number(await found.getAttribute("data-area"));
      assert.ok(CLASSES.includes(after) && after !== label, after);
      assert.ok(area > 0 && area <= 0.5, `${area}`);
      const words = await found.textContent();
      assert.match(words, new RegExp(`cover ${(100 * area).toFixed(1)} % of the picture`));
      assert.match(words, new RegExp(`resembles ${after} \\(\\d+ %\\), no longer ${label}`));
      const covered = (await grid(page)).flat();
      const share = covered.reduce((sum, value) => sum + value) / covered.length;
      assert.ok(Math.abs(share - area) < 1e-3);
      // The classes have no say in it.
      assert.equal(await page.getByTestId("saliency-class").count(), 0);
      await page.getByTestId("saliency").focus();
      await page.keyboard.press("ArrowDown");
      const value = await page.getByTestId("saliency-value").textContent();
      assert.match(value, covered[24 * 48 + 24] ? /: covered$/ : /: left as it is$/);
      assert.deepEqual(faults, []);
      await page.close();
    });
  });
}

test("the parts of the face are a layer and a table", async () => {
  const { page, faults, card } = await explained("?backend=cpu&layer=map");
  await laid(page, "map").waitFor();
  await page.getByTestId("explain-layer").getByText("Parts of the face").click();
  await laid(page, "parts").waitFor();
  assert.equal(settings(page).layer, "parts");
  const rows = page.getByTestId("part-table").locator("tbody tr");
  const table = await rows.evaluateAll((rows) =>
    rows.map((row) => {
      const [name, share] = [...row.cells].map((cell) => cell.textContent);
      return [name, Number(share.replace("\u2212", "-"))];
    }),
  );
  const shares = table.map(([, share]) => share);
  assert.deepEqual(shares, shares.toSorted((one, other) => other - one));
  // Each pixel has the value of its part.
  const values = new Set((await grid(page)).flat().map((value) => value.toFixed(2)));
  assert.ok(values.size <= table.length, `${values.size} values`);
  for (const value of values) assert.ok(shares.some((share) => Math.abs(share - value) < 0.011), value);
  await page.getByTestId("saliency").focus();
  await page.keyboard.press("ArrowDown");
  const label = await card.getAttribute("data-label");
  const words = await page.getByTestId("saliency-value").textContent();
  assert.match(words, new RegExp(`^[a-z ]+: its share speaks (for|against) ${label} by \\d\\.\\d\\d$`));
  assert.deepEqual(faults, []);
  await page.close();
});

test("the settings of a method are in the address, and it sets them", async () => {
  const { page, faults } = await explained("?backend=cpu&layer=map&method=occlusion&patch=12&stride=6&fill=blur");
  await laid(page, "map").waitFor();
  const value = (name) => page.getByTestId(`setting-${name}`).inputValue();
  assert.deepEqual([await value("patch"), await value("stride"), await value("fill")], ["12", "6", "blur"]);
  assert.match(await page.getByTestId("method-verdict").textContent(), /usual settings\.$/);
  await page.getByTestId("setting-fill").selectOption("gray");
  await page.getByTestId("setting-stride").fill("4");
  await page.getByTestId("setting-stride").press("Enter");
  await page.waitForURL((url) => url.searchParams.get("stride") === "4");
  const { patch, stride, fill } = settings(page);
  assert.deepEqual({ patch, stride, fill }, { patch: "12", stride: "4", fill: "gray" });
  // What no method takes is passed over.
  const other = await explained("?backend=cpu&layer=nothing&method=rise&masks=7&fill=paint&against=angst");
  await laid(other.page, "map", "[data-method=rise]").waitFor();
  assert.notEqual(await other.page.getByTestId("setting-masks").inputValue(), "7");
  assert.deepEqual([...faults, ...other.faults], []);
  await page.close();
  await other.page.close();
});
