// Photos, from the file to the explained face, on both backends.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  CLASSES,
  canvasSpread,
  download,
  downloadResults,
  engineReady,
  openBrowser,
  openPage,
  photo,
  probabilities,
  readPhotos,
  root,
  serveSite,
} from "./support.js";

const camera = `${root}public/samples/camera.jpg`;
const PIXELS = {
  gif: "R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==",
  avif:
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxp" +
    "YmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAB0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAAB" +
    "AABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQ0MAAAA" +
    "ABNjb2xybmNseAACAAIAAYAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACVtZGF0EgAKCBgANogQEAwgMg8f8D///8WfhwB8+ErK42A=",
};
/** Where the astronaut's face is, give or take, in pixels. */
const FACE = { x: 179, y: 59, width: 90, height: 117 };

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

for (const backend of ["cpu", "webgpu"]) {
  describe(`on ${backend}`, () => {
    test("a face is found, read and explained", async () => {
      const { page, faults } = await openPage(browser, site, `?backend=${backend}#photos`);
      assert.equal(await engineReady(page), backend);
      await readPhotos(page, photo("astronaut.png"));

      const cards = page.getByTestId("face-card");
      assert.equal(await cards.count(), 1);
      const shares = await probabilities(cards);
      assert.deepEqual(Object.keys(shares), CLASSES);
      const sum = Object.values(shares).reduce((one, other) => one + other, 0);
      assert.ok(Math.abs(sum - 1) < 1e-3, `the probabilities sum to ${sum}`);
      const label = await cards.getAttribute("data-label");
      const best = Math.max(...Object.values(shares));
      assert.equal(shares[label], best);
      assert.equal(Number(await cards.getAttribute("data-probability")), best);

      const [{ faces }] = await downloadResults(page);
      for (const [side, expected] of Object.entries(FACE)) {
        const found = faces[0].box[side];
        assert.ok(Math.abs(found - expected) < 12, `${side} is ${found}, not about ${expected}`);
      }

      await cards.getByTestId("explain").click();
      const map = cards.getByTestId("saliency");
      await map.waitFor();
      assert.equal(await map.getAttribute("data-method"), "occlusion");
      await cards.getByTestId("saliency-opacity").fill("1");
      const { deviation } = await canvasSpread(map);
      assert.ok(deviation > 5, `the map is flat (${deviation})`);
      const onPhoto = await canvasSpread(page.getByTestId("saliency-on-photo"));
      assert.ok(onPhoto.deviation > 1, "nothing lies over the photo");

      const before = await map.evaluate((canvas) => canvas.toDataURL());
      const other = CLASSES.find((name) => name !== label);
      await cards.getByTestId("saliency-class").selectOption(other);
      await page.waitForFunction(
        ([canvas, last]) => canvas.toDataURL() !== last,
        [await map.elementHandle(), before],
      );
      await map.focus();
      await page.keyboard.press("ArrowDown");
      const value = await cards.getByTestId("saliency-value").textContent();
      assert.match(value, new RegExp(`covering it (lowers|raises|changes) ${other} by`));

      assert.deepEqual(faults, []);
      await page.close();
    });

    test("the command line gives the same numbers", async () => {
      const mien = process.env.MIEN ?? `${root}target/release/mien`;
      const path = photo("astronaut.png");
      const run = await promisify(execFile)(mien, ["predict", path, "--json"], { cwd: root });
      const [native] = JSON.parse(run.stdout);

      const { page } = await openPage(browser, site, `?backend=${backend}#photos`);
      await readPhotos(page, path);
      const [inPage] = await downloadResults(page);
      assert.equal(inPage.faces.length, native.faces.length);
      for (const [index, face] of native.faces.entries()) {
        const other = inPage.faces[index];
        for (const name of CLASSES) {
          const difference = Math.abs(face.probabilities[name] - other.probabilities[name]);
          assert.ok(difference < 1e-3, `${name} differs by ${difference}`);
        }
        for (const side of Object.keys(FACE)) {
          const difference = Math.abs(face.box[side] - other.box[side]);
          assert.ok(difference < 0.1, `${side} differs by ${difference} pixels`);
        }
      }
      await page.close();
    });
  });
}

test("a cat has no face, and that is no error", async () => {
  const { page, faults } = await openPage(browser, site);
  await readPhotos(page, photo("chelsea.png"));
  await page.getByText("No face found.").waitFor();
  assert.equal(await page.getByTestId("face-card").count(), 0);
  assert.equal(await page.getByTestId("photo-error").count(), 0);
  assert.deepEqual(faults, []);
  await page.close();
});

test("a broken file is named, and the other photos are read", async () => {
  const { page, faults } = await openPage(browser, site);
  const broken = {
    name: "broken.png",
    mimeType: "image/png",
    buffer: Buffer.from("\x89PNG\r\n\x1a\nand then nothing"),
  };
  await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
  await page.getByTestId("photo-input").setInputFiles(broken);
  await page.getByTestId("photo-input").setInputFiles(photo("chelsea.png"));
  await page.getByTestId("status").filter({ hasText: "in 3 photos; 1 could not be read" }).waitFor();

  await page.locator('[data-testid=tile][data-name="broken.png"]').click();
  const refused = page.getByRole("article", { name: "broken.png" });
  const words = await refused.getByTestId("photo-error").textContent();
  assert.match(words, /not a picture that the browser can read/);
  await page.locator('[data-testid=tile][data-name="astronaut.png"]').click();
  await page.getByTestId("face-card").waitFor();
  const results = await downloadResults(page);
  assert.deepEqual(
    results.map((result) => [result.photo, "error" in result]),
    [["astronaut.png", false], ["broken.png", true], ["chelsea.png", false]],
  );
  assert.deepEqual(faults, []);
  await page.close();
});

test("a photo of many pixels is scaled down, and turned as its EXIF block says", async () => {
  const { page, faults } = await openPage(browser, site);
  await readPhotos(page, photo("astronaut.png"));
  // The same photo with 36 million pixels.
  const large = await page.evaluate(async () => {
    const picture = document.querySelector(".picture > img");
    const canvas = new OffscreenCanvas(6000, 6000);
    canvas.getContext("2d").drawImage(picture, 0, 0, 6000, 6000);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return Array.from(bytes);
  });
  await page.getByTestId("photo-input").setInputFiles({
    name: "large.jpg",
    mimeType: "image/jpeg",
    buffer: withOrientation(Buffer.from(large), 6),
  });
  await page.getByTestId("status").filter({ hasText: "in 2 photos" }).waitFor();
  const [, { width, height, faces }] = await downloadResults(page);
  assert.ok(width * height <= 16e6 && width * height > 15e6, `${width} x ${height} pixels`);
  // Turned a quarter to the right by its orientation, the face looks sideways: it may be found or
  // not, but never where it was.
  for (const face of faces) assert.ok(face.box.x > width / 2);
  assert.deepEqual(faults, []);
  await page.close();
});

test("many photos are filtered, sorted, chosen and saved", async () => {
  const { page, faults } = await openPage(browser, site);
  await readPhotos(page, [photo("chelsea.png"), photo("astronaut.png"), camera]);
  await page.getByTestId("status").filter({ hasText: "in 3 photos" }).waitFor();
  const names = () => page.getByTestId("tile").evaluateAll((tiles) => tiles.map((t) => t.dataset.name));
  assert.deepEqual(await names(), ["chelsea.png", "astronaut.png", "camera.jpg"]);

  const results = await downloadResults(page);
  const faces = results.flatMap(({ photo, faces }) => faces.map((face) => ({ photo, ...face })));
  faces.sort((one, other) => other.confidence - one.confidence);
  const surest = [...new Set(faces.map((face) => face.photo))];
  const without = results.map((result) => result.photo).filter((name) => !surest.includes(name));
  await page.getByTestId("order").selectOption("surest");
  assert.deepEqual(await names(), [...surest, ...without]);
  assert.match(page.url(), /order=surest/);

  await page.getByTestId("filter-class").selectOption(faces[0].label);
  const matching = faces.filter((face) => face.label === faces[0].label).map((face) => face.photo);
  assert.deepEqual(await names(), [...new Set(matching)]);
  await page.getByTestId("filter-least").fill("0.95");
  const sure = faces.filter((face) => face.label === faces[0].label && face.confidence >= 0.95);
  assert.deepEqual(await names(), [...new Set(sure.map((face) => face.photo))]);
  await page.getByTestId("filter-least").fill("0");
  await page.getByTestId("filter-class").selectOption("");

  await page.locator('[data-testid=tile][data-name="astronaut.png"]').click();
  await page.getByRole("article", { name: "astronaut.png" }).getByTestId("face-card").waitFor();

  const csv = (await download(page, "download-csv")).toString();
  const lines = csv.trimEnd().split("\r\n");
  assert.match(lines[0], /^photo,face,x,y,width,height,score,label,confidence,angry,/);
  assert.equal(lines.length, 1 + faces.length + without.length);

  const png = await download(page, "download-png");
  assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [512, 512]);
  assert.deepEqual(faults, []);
  await page.close();
});

test("reading can be stopped and taken up again", async () => {
  const { page, faults } = await openPage(browser, site);
  await page.getByTestId("photo-input").setInputFiles(Array(8).fill(photo("chelsea.png")));
  await page.getByTestId("cancel").click();
  await page.getByTestId("resume").waitFor();
  const status = page.getByTestId("status");
  await status.filter({ hasText: /could not be read/ }).waitFor();
  await page.getByTestId("resume").click();
  await status.filter({ hasText: /^no face found in 8 photos$/ }).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test("what the page shows of photos is small", async () => {
  const { page } = await openPage(browser, site);
  await readPhotos(page, photo("astronaut.png"));
  const file = {
    name: "large.png",
    mimeType: "image/png",
    buffer: await largePicture(page, 8000, 6400),
  };
  await page.getByTestId("photo-input").setInputFiles(file);
  await page.getByTestId("status").filter({ hasText: "in 2 photos" }).waitFor();
  await page.locator('[data-testid=tile][data-name="large.png"]').click();
  const picture = page.getByRole("article", { name: "large.png" }).locator(".picture > img");
  await picture.waitFor();
  const sizes = await page.evaluate(() =>
    Array.from(document.images, (image) => Math.max(image.naturalWidth, image.naturalHeight)),
  );
  assert.equal(Math.max(...sizes), 1600);
  await page.close();
});

test("pictures are read as PNG, JPEG, WebP, GIF and AVIF", async () => {
  const { page, faults } = await openPage(browser, site);
  await readPhotos(page, photo("astronaut.png"));
  for (const type of ["jpeg", "webp"]) {
    const bytes = await page.evaluate(async (type) => {
      const picture = document.querySelector(".picture > img");
      const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
      canvas.getContext("2d").drawImage(picture, 0, 0);
      const blob = await canvas.convertToBlob({ type, quality: 0.9 });
      return Array.from(new Uint8Array(await blob.arrayBuffer()));
    }, `image/${type}`);
    const buffer = Buffer.from(bytes);
    await page.getByTestId("photo-input").setInputFiles({ name: `face.${type}`, mimeType: `image/${type}`, buffer });
  }
  // One pixel each: they are read, and there is nobody in them.
  for (const [type, base64] of Object.entries(PIXELS)) {
    const buffer = Buffer.from(base64, "base64");
    await page.getByTestId("photo-input").setInputFiles({ name: `pixel.${type}`, mimeType: `image/${type}`, buffer });
  }
  const done = page.getByTestId("status").filter({ hasText: /found in 5 photos$/ });
  await done.waitFor();
  const results = await downloadResults(page);
  assert.deepEqual(results.map((result) => result.faces?.length), [1, 1, 1, 0, 0]);
  assert.deepEqual(faults, []);
  await page.close();
});

/** A picture of so many pixels, as PNG, transparent at its left half. */
async function largePicture(page, width, height) {
  const bytes = await page.evaluate(
    async ([width, height]) => {
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d").fillRect(width / 2, 0, width / 2, height);
      const blob = await canvas.convertToBlob();
      return Array.from(new Uint8Array(await blob.arrayBuffer()));
    },
    [width, height],
  );
  return Buffer.from(bytes);
}

/** A JPEG with an EXIF block that says how to turn it. */
function withOrientation(jpeg, orientation) {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010000000000000000", "hex");
  tiff.writeUInt16BE(orientation, 18);
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

test("a photo can be removed", async () => {
  const { page, faults } = await openPage(browser, site);
  await readPhotos(page, [photo("astronaut.png"), photo("chelsea.png")]);
  await page.getByRole("button", { name: "Remove astronaut.png" }).click();
  assert.equal(await page.getByTestId("photo").count(), 1);
  assert.equal(await page.getByTestId("status").textContent(), "no face found");
  await page.getByTestId("remove-all").click();
  await page.getByTestId("status").filter({ hasText: "Ready" }).waitFor();

  // Photos removed before their turn are taken back, and the next one is read.
  await page.getByTestId("photo-input").setInputFiles(Array(6).fill(photo("chelsea.png")));
  await page.getByTestId("remove-all").click();
  await readPhotos(page, photo("astronaut.png"));
  assert.equal(await page.getByTestId("status").textContent(), "1 face found");
  assert.deepEqual(faults, []);
  await page.close();
});
