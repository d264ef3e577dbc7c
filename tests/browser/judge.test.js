// What the networks are worth: the shipped reports, and evaluation on data of one's own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { FER2013_CLASSES, engineReady, openBrowser, openPage, photo, readPhotos, root, serveSite } from "./support.js";

const PIXELS = 48 * 48;
const HEADER = "emotion,pixels,Usage";

let site;
let browser;
let folder;

before(async () => {
  site = await serveSite();
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), "mien-judge-"));
});

after(async () => {
  await browser?.close();
  await site?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A face of stripes, another for each seed: it looks like nothing, but is judged like any. */
const stripes = (seed) =>
  Array.from({ length: PIXELS }, (_, i) => {
    const [x, y] = [i % 48, Math.floor(i / 48)];
    return ((x * (seed % 7) + y * (6 - (seed % 5)) + seed) * 9) % 256;
  });

const row = (label, seed, usage = "PublicTest") => `${label},${stripes(seed).join(" ")},${usage}`;

/** A CSV of `count` rows, ready for a file input. */
const csv = (rows, name = "faces.csv") => ({
  name,
  mimeType: "text/csv",
  buffer: Buffer.from([HEADER, ...rows, ""].join("\n")),
});

const rows = (count) => Array.from({ length: count }, (_, i) => row(i % 7, i));

/** The network that knows FER2013's classes and no other. */
const MODEL = "model=student-fer2013";

/** Opens the view, with data chosen. */
async function open(data, { backend, input = "judge-csv" } = {}) {
  const query = backend ? `?${MODEL}&backend=${backend}` : `?${MODEL}`;
  const { page, faults } = await openPage(browser, site, `${query}#judge`);
  if (data) await page.getByTestId(input).setInputFiles(data);
  return { page, faults };
}

/** Evaluates what has been chosen, and gives the result's element. */
async function evaluate(page) {
  await page.getByTestId("judge-start").click();
  const result = page.getByTestId("judge-result");
  await result.waitFor();
  return result;
}

async function download(page, hook) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId(hook).click(),
  ]);
  return readFile(await file.path(), "utf8");
}

/** The counts of a matrix, truth in rows, in label order. */
const counts = (part) =>
  part.getByTestId("matrix-cell").evaluateAll(
    (cells, classes) => {
      const matrix = classes.map(() => classes.map(() => 0));
      for (const { dataset } of cells) {
        const place = [dataset.truth, dataset.predicted].map((name) => classes.indexOf(name));
        matrix[place[0]][place[1]] = Number(dataset.count);
      }
      return matrix;
    },
    FER2013_CLASSES,
  );

test("the report of the network in use comes first", async () => {
  for (const model of ["student-ferplus", "student-fer2013"]) {
    const { page } = await openPage(browser, site, `?backend=cpu&model=${model}#judge`);
    await page.getByTestId("confusion-matrix").waitFor();
    assert.equal(await page.getByTestId("report-model").inputValue(), `reports/${model}.json`);
    await page.getByTestId("report-split").filter({ hasText: model }).waitFor();
    await page.close();
  }
});

test("the shipped report is a table that the keyboard reaches", async () => {
  const { page, faults } = await open();
  const table = page.getByTestId("confusion-matrix");
  await table.waitFor();
  const report = JSON.parse(await readFile(join(root, "reports/student-fer2013.json"), "utf8"));
  const [publicTest, privateTest] = report.evaluations;
  assert.deepEqual(await counts(page), publicTest.confusion);
  assert.equal(await table.evaluate((element) => element.localName), "table");
  assert.equal(await page.getByTestId("matrix-margin").count(), 15);

  // One stop for the Tab key; from there the arrow keys reach every cell.
  assert.equal(await table.locator("[tabindex='0']").count(), 1);
  const first = page.getByTestId("matrix-cell").first();
  await first.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  const focused = () => page.evaluate(() => ({ ...document.activeElement.dataset }));
  const { truth, predicted } = await focused();
  assert.deepEqual([truth, predicted], [FER2013_CLASSES[1], FER2013_CLASSES[2]]);
  await page.keyboard.press("Enter");
  const detail = await page.getByTestId("matrix-cell-detail").textContent();
  const disgust = publicTest.confusion[1];
  const samples = disgust.reduce((sum, count) => sum + count, 0);
  const share = ((100 * disgust[2]) / samples).toFixed(1);
  assert.ok(detail.startsWith(`disgust taken for fear: ${disgust[2]} of ${samples} (${share} %)`), detail);
  await page.keyboard.press("End");
  assert.equal((await focused()).testid, "matrix-margin");

  // The most confused pair is the largest number beside the diagonal.
  const worst = Math.max(...publicTest.confusion.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const words = await page.getByTestId("judge-confused").locator("li").first().textContent();
  assert.match(words, new RegExp(`taken for \\w+: ${worst} of`));

  await page.getByTestId("report-split").getByText("PrivateTest").click();
  await page.locator(`[data-testid=judge-figures][data-samples="${privateTest.samples}"]`).waitFor();
  assert.deepEqual(await counts(page), privateTest.confusion);
  await page.getByTestId("training-curves").locator("polyline").first().waitFor();
  assert.equal(await page.getByTestId("training-curves").locator("polyline").count(), 4);
  assert.deepEqual(faults, []);
  await page.close();
});

test("the matrix can be sorted, and its shares are of rows, columns or all", async () => {
  const { page, faults } = await open();
  const cell = page.locator("[data-testid=matrix-cell][data-truth=happy][data-predicted=happy]");
  const share = async () => Number.parseInt(await cell.locator(".part").textContent(), 10);
  const [publicTest] = JSON.parse(
    await readFile(join(root, "reports/student-fer2013.json"), "utf8"),
  ).evaluations;
  const happy = publicTest.classes[3];
  assert.equal(await share(), Math.round(100 * happy.recall));
  await page.getByTestId("matrix-share").selectOption("prediction");
  assert.equal(await share(), Math.round(100 * happy.precision));
  await page.getByTestId("matrix-share").selectOption("all");
  const count = publicTest.confusion[3][3];
  assert.equal(await share(), Math.round((100 * count) / publicTest.samples));

  await page.getByTestId("matrix-order").selectOption("recall");
  const diagonal = page.locator("[data-testid=matrix-cell].right");
  const order = await diagonal.evaluateAll((cells) => cells.map((cell) => cell.dataset.truth));
  const best = [...publicTest.classes].sort((one, other) => other.recall - one.recall);
  assert.deepEqual(order, best.map(({ label }) => label));
  assert.deepEqual(await counts(page), publicTest.confusion);
  assert.deepEqual(faults, []);
  await page.close();
});

test("mean maps are shown by class, and of the cell that is chosen", async () => {
  const { page, faults } = await openPage(browser, site, `?${MODEL}&backend=cpu#photos`);
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  await engineReady(page);
  assert.deepEqual(fetched.filter((url) => url.includes("explanations/")), [], "not before they are wanted");
  await page.locator("[data-testid=view-link][data-view=judge]").click();
  const maps = page.getByTestId("mean-maps");
  await maps.waitFor();
  const about = JSON.parse(
    await readFile(join(root, "public/explanations/student-fer2013.json"), "utf8"),
  );
  const shown = about.outcomes.faces.filter((faces) => faces >= 10).length;
  assert.equal(await maps.locator("td").count(), 1 + 3 * FER2013_CLASSES.length);
  assert.equal(await maps.locator("img").count(), shown);
  assert.match(await maps.textContent(), /3,589 faces \(PublicTest\)/);

  const choose = (truth, predicted) =>
    page.locator(`[data-testid=matrix-cell][data-truth=${truth}][data-predicted=${predicted}]`).click();
  const map = page.getByTestId("cell-map");
  await choose("fear", "sad");
  const faces = about.cells.faces[2 * 7 + 4];
  await page.locator(`[data-testid=cell-map][data-faces="${faces}"]`).waitFor();
  assert.match(await map.textContent(), new RegExp(`mean map of ${faces} faces.*lowers sad`));
  // The tile lies in its window, and the picture has come.
  const [window, picture] = await Promise.all([
    map.locator(".mean-map").boundingBox(),
    map.locator("img").boundingBox(),
  ]);
  assert.ok(Math.abs(picture.x + 4 * window.width - window.x) < 1);
  assert.ok(Math.abs(picture.y + 2 * window.height - window.y) < 1);
  await page.waitForFunction(() => document.querySelector("[data-testid=cell-map] img").naturalWidth === 105);

  await choose("disgust", "surprise");
  await map.filter({ hasText: "fewer than 10 faces" }).waitFor();
  assert.equal(await map.locator("img").count(), 0);
  assert.deepEqual(faults, []);
  await page.close();
});

for (const backend of ["cpu", "webgpu"]) {
  test(`a CSV is judged on ${backend}, with examples and files`, async () => {
    const { page, faults } = await open(csv(rows(21)), { backend });
    assert.equal(await engineReady(page), backend);
    const result = await evaluate(page);
    assert.equal(await result.getAttribute("data-samples"), "21");
    await result.getByText("21 faces taken as given, without detection").waitFor();

    const matrix = await counts(result);
    assert.deepEqual(matrix.map((row) => row.reduce((sum, n) => sum + n, 0)), Array(7).fill(3));
    const filled = result.locator("[data-testid=matrix-cell]:not([data-count='0'])").first();
    await filled.click();
    const examples = result.getByTestId("judge-example");
    await examples.first().waitFor();
    assert.equal(await examples.count(), Number(await filled.getAttribute("data-count")));

    const json = JSON.parse(await download(page, "judge-json"));
    assert.deepEqual(json.models[0].evaluation.confusion, matrix);
    assert.equal(json.models[0].model, "student-fer2013");
    const lines = (await download(page, "judge-csv-out")).trim().split("\n");
    assert.equal(lines.length, 22);
    assert.match(lines[1], /^line 2,angry,given,(angry|disgust|fear|happy|sad|surprise|neutral),0\./);
    assert.deepEqual(faults, []);
    await page.close();
  });
}

test("bad rows are named with their lines, and the others are judged", async () => {
  const faulty = [
    row(0, 1),
    "3,1 2 3,Training",
    row(9, 2),
    `2,${stripes(3).with(7, 999).join(" ")},Training`,
    row(3, 4, "Validation"),
    "nothing",
    "",
    row(6, 5),
  ];
  const { page, faults } = await open(csv(faulty));
  const result = await evaluate(page);
  assert.equal(await result.getAttribute("data-samples"), "2");
  const problems = result.getByTestId("judge-problems");
  assert.equal(await problems.getAttribute("data-count"), "5");
  const words = await problems.textContent();
  for (const line of [
    "line 3: 3 pixels instead of 2304",
    'line 4: the emotion is "9"',
    'line 5: pixel 8 is "999"',
    'line 6: the Usage is "Validation"',
    "line 7: 1 columns",
  ]) {
    assert.ok(words.includes(line), `${line} in ${words}`);
  }
  const json = JSON.parse(await download(page, "judge-json"));
  assert.equal(json.problems.length, 5);
  assert.deepEqual(faults, []);
  await page.close();
});

test("rows of one split are judged where one is chosen", async () => {
  const mixed = [row(0, 1, "Training"), row(1, 2), row(2, 3, "PrivateTest"), row(3, 4)];
  const { page } = await open(csv(mixed));
  await page.getByTestId("judge-usage").selectOption("PublicTest");
  let result = await evaluate(page);
  assert.equal(await result.getAttribute("data-samples"), "2");
  await result.getByText("2 rows of other splits were passed over").waitFor();
  await page.getByTestId("judge-usage").selectOption("");
  result = await evaluate(page);
  await page.locator("[data-testid=judge-result][data-samples='4']").waitFor();
  await result.getByText("The shipped networks learned from").waitFor();
  await page.close();
});

test("a file that is no such CSV is refused in words", async () => {
  const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("a,b\n1,2\n") };
  const { page } = await open(notes);
  await page.getByTestId("judge-start").click();
  const error = page.getByTestId("judge-error");
  assert.match(await error.textContent(), /begins with "a,b" instead of the header/);
  const zipped = { name: "a.gz", mimeType: "application/gzip", buffer: Buffer.from([31, 139, 8, 0]) };
  await page.getByTestId("judge-csv").setInputFiles(zipped);
  await page.getByTestId("judge-start").click();
  assert.match(await error.textContent(), /compressed with gzip/);
  await page.close();
});

test("an evaluation can be cancelled, and what was judged stays", async () => {
  const { page, faults } = await open(csv(rows(600)));
  await page.getByTestId("judge-start").click();
  await page.locator("[data-testid=judge-progress]:not([data-judged='0'])").waitFor();
  await page.getByTestId("judge-cancel").click();
  const result = page.getByTestId("judge-result");
  await result.getByText("Cancelled").waitFor();
  const judged = Number(await result.getAttribute("data-samples"));
  assert.ok(judged > 0 && judged < 600, `${judged} judged`);
  const matrix = await counts(result);
  assert.equal(matrix.flat().reduce((sum, n) => sum + n, 0), judged);
  assert.deepEqual(faults, []);
  await page.close();
});

test("the page answers while it evaluates, and the evaluation goes on behind another view", async () => {
  const { page, faults } = await open(csv(rows(400)));
  await page.getByTestId("judge-start").click();
  await page.getByTestId("judge-progress").waitFor();
  await page.locator("[data-view=photos]").click();
  await readPhotos(page, photo("astronaut.png"));
  assert.equal(await page.getByTestId("face-card").count(), 1);
  await page.locator("[data-view=judge]").click();
  const result = page.getByTestId("judge-result");
  await result.waitFor();
  assert.equal(await result.getAttribute("data-samples"), "400");
  assert.deepEqual(faults, []);
  await page.close();
});

describe("a folder", () => {
  let pictures;

  /** Crops and small pictures, made by the browser itself. */
  before(async () => {
    const { page } = await openPage(browser, site, "#about");
    const astronaut = (await readFile(photo("astronaut.png"))).toString("base64");
    const [face, gray] = await page.evaluate(async (astronaut) => {
      const picture = new Image();
      picture.src = `data:image/png;base64,${astronaut}`;
      await picture.decode();
      const png = async (side, draw) => {
        const canvas = new OffscreenCanvas(side, side);
        draw(canvas.getContext("2d"));
        const blob = await canvas.convertToBlob({ type: "image/png" });
        return Array.from(new Uint8Array(await blob.arrayBuffer()));
      };
      return [
        await png(300, (context) => context.drawImage(picture, 60, 0, 300, 300, 0, 0, 300, 300)),
        await png(48, (context) => {
          context.fillStyle = "#777";
          context.fillRect(0, 0, 48, 48);
        }),
      ];
    }, astronaut);
    await page.close();
    pictures = join(folder, "pictures");
    for (const [path, bytes] of Object.entries({
      "Happiness/astronaut.png": face,
      "anger/gray.png": gray,
      "4/cat.png": await readFile(photo("chelsea.png")),
      "contempt/one.png": gray,
      "contempt/two.png": gray,
      "sad/notes.txt": "no picture",
      "sad/broken.png": "no picture either",
      "sad/.hidden": "x",
    })) {
      const file = join(pictures, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof bytes === "string" ? bytes : Buffer.from(bytes));
    }
  });

  test("is sorted by its subfolders; faces are found, small pictures taken as they are", async () => {
    const { page, faults } = await open(pictures, { input: "judge-folder" });
    const settings = page.getByTestId("judge-settings");
    await settings.getByText("happy 1").waitFor();
    const left = await settings.getByTestId("judge-problems").textContent();
    assert.match(left, /contempt \(2\)/);
    assert.match(left, /notes\.txt/);
    const result = await evaluate(page);
    assert.equal(await result.getAttribute("data-samples"), "2");
    await result.getByText("1 face found by the detector").waitFor();
    await result.getByText("1 face taken as given, because the picture is small").waitFor();
    const words = await result.getByTestId("judge-problems").textContent();
    for (const name of ["contempt (2)", "sad/notes.txt", "sad/broken.png", "4/cat.png"]) {
      assert.ok(words.includes(name), `${name} in ${words}`);
    }
    const matrix = await counts(result);
    const sums = matrix.map((row) => row.reduce((sum, n) => sum + n, 0));
    assert.deepEqual(sums, [1, 0, 0, 1, 0, 0, 0]);
    assert.deepEqual(faults, []);
    await page.close();
  });

  test("is taken as it is where its pictures are faces already", async () => {
    const { page } = await open(pictures, { input: "judge-folder" });
    await page.getByTestId("judge-cropped").check();
    const result = await evaluate(page);
    assert.equal(await result.getAttribute("data-samples"), "3");
    await result.getByText("3 faces taken as given, without detection").waitFor();
    await page.close();
  });

  test("without classes is refused by name", async () => {
    const { page } = await open(join(pictures, "contempt"), { input: "judge-folder" });
    await page.getByTestId("judge-empty").waitFor();
    assert.ok(await page.getByTestId("judge-start").isDisabled());
    await page.close();
  });
});

test("two models are compared by McNemar's test", async () => {
  // The same weights in 8 bits: another model that nearly always agrees.
  const mien = process.env.MIEN ?? join(root, "target/release/mien");
  const other = join(folder, "other.mien");
  await promisify(execFile)(
    mien,
    ["export", "student-fer2013", "--storage", "i8", "--out", other],
    { cwd: root },
  );
  const { page, faults } = await open(csv(rows(70)));
  await page.getByTestId("judge-model").setInputFiles(other);
  const chosen = page.getByTestId("judge-second").locator("option:checked");
  assert.equal(await chosen.textContent(), "other");
  const result = await evaluate(page);
  const test = result.getByTestId("mcnemar");
  const json = JSON.parse(await download(page, "judge-json"));
  assert.deepEqual(json.models.map(({ model }) => model), ["student-fer2013", "other"]);
  const { mcnemar } = json;
  assert.equal(
    mcnemar.both_right + mcnemar.only_first + mcnemar.only_second + mcnemar.both_wrong,
    70,
  );
  assert.equal(Number(await test.getAttribute("data-p")), mcnemar.p_value);
  assert.ok(mcnemar.p_value > 0.05 && mcnemar.p_value <= 1);
  const accuracy = json.models[1].evaluation.accuracy;
  await result.getByTestId("judge-shown").getByText("other").click();
  await result.locator(`[data-testid=judge-figures][data-accuracy="${accuracy}"]`).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test("a file that is no model is refused by name", async () => {
  const { page } = await open(csv(rows(7)));
  const file = { name: "mine.mien", mimeType: "", buffer: Buffer.from("no model") };
  await page.getByTestId("judge-model").setInputFiles(file);
  await page.getByTestId("judge-start").click();
  assert.match(await page.getByTestId("judge-error").textContent(), /mine cannot be used/);
  await page.close();
});

test("a shipped model that was changed on its way is refused in the page's language", async () => {
  const change = (name, body) => {
    if (!/^models\/student-ferplus-.*\.mien$/.test(name)) return body;
    const changed = Buffer.from(body);
    changed[changed.length - 1] ^= 1;
    return changed;
  };
  const changed = await serveSite({ change });
  const { page } = await openPage(browser, changed, `?lang=de&backend=cpu&${MODEL}#judge`);
  await page.getByTestId("judge-csv").setInputFiles(csv(rows(7)));
  await page.getByTestId("judge-second").selectOption({ label: "student-ferplus" });
  await page.getByTestId("judge-start").click();
  const error = page.getByTestId("judge-error");
  assert.match(await error.textContent(), /student-ferplus-\w+\.mien ist nicht das Modell/);
  await page.close();
  await changed.close();
});

test("a dropped CSV is taken", async () => {
  const { page, faults } = await open();
  const { name, buffer } = csv(rows(7));
  const transfer = await page.evaluateHandle(
    ([name, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name, { type: "text/csv" }));
      return transfer;
    },
    [name, buffer.toString()],
  );
  await page.getByText("Drop a folder or a CSV here").dispatchEvent("drop", { dataTransfer: transfer });
  await page.getByTestId("judge-settings").getByText("faces.csv").waitFor();
  const result = await evaluate(page);
  assert.equal(await result.getAttribute("data-samples"), "7");
  assert.deepEqual(faults, []);
  await page.close();
});

test("faces that were labelled by hand are judged", async () => {
  const { page, faults } = await openPage(browser, site, `?${MODEL}#photos`);
  await readPhotos(page, photo("astronaut.png"));
  await page.getByTestId("face-label").selectOption("sad");
  await page.locator("[data-view=judge]").click();
  await page.getByTestId("judge-labelled").click();
  const result = await evaluate(page);
  const matrix = await counts(result);
  const sums = matrix.map((row) => row.reduce((sum, n) => sum + n, 0));
  assert.deepEqual(sums, [0, 0, 0, 0, 1, 0, 0]);
  await result.locator("[data-testid=matrix-cell][data-count='1']").click();
  await result.getByTestId("judge-example").getByText("astronaut.png, Face 1").waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

/** FER2013's CSV, plain or gzip, where it is on this machine. */
const fer2013 = [process.env.FER2013_CSV, join(root, "../shared/data/fer2013.csv.gz")].find(
  (path) => path && existsSync(path),
);

test("FER2013's PublicTest has the report's accuracy", { skip: !fer2013 && "no FER2013_CSV" }, async () => {
  // All 3,589 rows with MIEN_JUDGE_ROWS=3589.
  const wanted = Number(process.env.MIEN_JUDGE_ROWS ?? 600);
  const file = createReadStream(fer2013);
  const text = fer2013.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  const chosen = [];
  for await (const line of createInterface({ input: text })) {
    if (line.trimEnd().endsWith(",PublicTest")) chosen.push(line);
    if (chosen.length === wanted) break;
  }
  file.destroy();
  const path = join(folder, "public-test.csv");
  await writeFile(path, [HEADER, ...chosen, ""].join("\n"));
  const { page, faults } = await open(path, { backend: "cpu" });
  const result = await evaluate(page);
  assert.equal(await result.getAttribute("data-samples"), String(chosen.length));
  const json = JSON.parse(await download(page, "judge-json"));
  const { accuracy } = json.models[0].evaluation;
  const report = JSON.parse(await readFile(join(root, "reports/student-fer2013.json"), "utf8"));
  const expected = report.evaluations[0].accuracy;
  // All rows give the report's figure but for a face or two whose classes tie; of a part, three
  // standard errors are allowed.
  const tolerance =
    chosen.length === report.evaluations[0].samples
      ? 1e-3
      : 3 * Math.sqrt((expected * (1 - expected)) / chosen.length);
  assert.ok(Math.abs(accuracy - expected) < tolerance, `${accuracy} instead of ${expected}`);
  assert.deepEqual(faults, []);
  await page.close();
});
