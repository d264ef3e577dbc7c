// Files that are no photos, or photos that nobody meant well: each is refused in words or read, and
// the photo among them is read as if they were not there.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { downloadResults, openBrowser, openPage, photo, root, serveSite } from "./support.js";

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

function chunk(type, body) {
  const data = Buffer.concat([Buffer.from(type), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(data), 4);
  return Buffer.concat([frame.subarray(0, 4), data, frame.subarray(4)]);
}

/** A gray PNG whose header says one size, and whose data hold so many rows. */
function png(width, height, { depth = 8, rows = height } = {}) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  const row = Buffer.alloc(1 + (width * depth) / 8, 90);
  row[0] = 0;
  const data = deflateSync(Buffer.concat(Array.from({ length: rows }, () => row)));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A JPEG with an EXIF block of nonsense. */
function withBadExif(jpeg) {
  const exif = Buffer.concat([
    Buffer.from([0xff, 0xe1, 0, 34]),
    Buffer.from("Exif\0\0MM\0\x2a\xff\xff\xff\xff", "latin1"),
    Buffer.alloc(18, 0xff),
  ]);
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

/** Pictures of the fuzzers' corpus, which the page reads. */
const kept = (names) =>
  Promise.all(names.map(async (name) => [name, await readFile(`${root}fuzz/corpus/photo/${name}`), true]));

test("hostile files are refused or read, and the batch survives", async () => {
  const { page, faults } = await openPage(browser, site, "?backend=cpu#photos");
  const jpeg = await readFile(`${root}public/samples/camera.jpg`);
  const portrait = await readFile(photo("astronaut.png"));
  /** Name, contents, and whether the page reads it (`undefined`: the browser may do as it likes). */
  const files = [
    ["empty.png", Buffer.alloc(0), false],
    ["truncated.png", portrait.subarray(0, 200), false],
    ["truncated.jpg", jpeg.subarray(0, jpeg.length / 3), undefined],
    ["text.jpg", Buffer.from("not a picture at all"), false],
    ["wrong-extension.gif", portrait, true],
    ["one-pixel.png", png(1, 1), true],
    ["thread.png", png(1, 20_000), true],
    ["ribbon.png", png(20_000, 1), true],
    ["bomb.png", png(30_000, 30_000, { rows: 1 }), undefined],
    ["beyond-every-canvas.png", png(200_000, 200_000, { rows: 1 }), false],
    ["sixteen-bits.png", png(64, 64, { depth: 16 }), true],
    ["bad-exif.jpg", withBadExif(jpeg), true],
    ...(await kept(["animated.gif", "animated.webp", "animated.png", "cmyk.jpg", "progressive.jpg"])),
    ["movie.png", Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "latin1"), false],
    ["markup.png", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), false],
    ["<img src=x onerror=alert(1)>.png", portrait, true],
    ["astronaut.png", portrait, true],
  ];
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  await page.getByTestId("photo-input").setInputFiles(
    files.map(([name, buffer]) => ({ name, mimeType: "image/png", buffer })),
  );
  await page.getByTestId("status").filter({ hasText: `in ${files.length} photos` }).waitFor();

  const results = await downloadResults(page);
  const byName = Object.fromEntries(results.map((result) => [result.photo, result]));
  for (const [name, , readable] of files) {
    const result = byName[name];
    assert.ok(result, `${name} is missing`);
    if (readable !== undefined) assert.equal(!("error" in result), readable, `${name}: ${result.error}`);
    if ("error" in result) assert.ok(result.error.length > 10, `${name} is refused without words`);
  }
  for (const name of ["astronaut.png", "wrong-extension.gif"]) {
    assert.equal(byName[name].faces.length, 1, name);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test("nonsense in the address is passed over", async () => {
  const query = "?backend=abacus&lang=tlh&theme=%00&order=-1&method=astrology&smoothing=NaN#nowhere";
  const { page, faults } = await openPage(browser, site, query);
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("face-card").waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test("CSV files that nobody meant well are refused in words, or judged but for their bad rows", async () => {
  const { page, faults } = await openPage(browser, site, "?backend=cpu&lang=en&model=student-fer2013#judge");
  const header = "emotion,pixels,Usage";
  const row = (label, value = "7", count = 48 * 48) => `${label},${Array(count).fill(value).join(" ")},PublicTest`;
  const judged = row(3);
  /** Name, contents, and either words of the refusal or how many rows are judged and left out. */
  const files = [
    ["empty", "", /empty/],
    ["other-columns", "id,name\n1,x\n", /id,name/],
    ["binary", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 254]), /begins with/],
    ["zip-in-name", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /gzip/],
    ["byte-order-mark", `\u{feff}${header}\r\n${judged}\r\n\r\n`, [1, 0]],
    ["short-rows", `${header}\n${judged}\n3,1 2 3,PublicTest\n3\n`, [1, 2]],
    ["values", `${header}\n${row(3, "256")}\n${row(3, "-1")}\n${judged}`, [1, 2]],
    ["classes", `${header}\n${row(7)}\n${row("happy")}\n${judged}`, [1, 2]],
    ["huge-row", `${header}\n${row(3, "7", 2_000_000)}\n${judged}\n`, [1, 1]],
    ["formula", `${header}\n=cmd|' /C calc'!A0,1,PublicTest\n${judged}\n`, [1, 1]],
  ];
  for (const [name, text, expected] of files) {
    const file = { name: `${name}.csv`, mimeType: "text/csv", buffer: Buffer.from(text) };
    await page.getByTestId("judge-csv").setInputFiles(file);
    await page.getByTestId("judge-start").click();
    if (expected instanceof RegExp) {
      await page.getByTestId("judge-error").filter({ hasText: expected }).waitFor();
    } else {
      const result = page.getByTestId("judge-result").filter({ hasText: file.name });
      await result.waitFor();
      assert.equal(Number(await result.getAttribute("data-samples")), expected[0], name);
      const problems = page.getByTestId("judge-problems");
      const count = (await problems.count()) && Number(await problems.getAttribute("data-count"));
      assert.equal(count, expected[1], name);
    }
  }
  assert.deepEqual(faults, []);
  await page.close();
});
