// The live view, with videos in place of a camera.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLASSES, canvasSpread, openBrowser, openPage, probabilities, serveSite } from "./support.js";
import { makeWebm, SECONDS, SIZE, writeMjpeg } from "./video.js";

let site;
let folder;

before(async () => {
  site = await serveSite();
  folder = await mkdtemp(join(tmpdir(), "mien-camera-"));
  for (const scene of ["face", "no-face", "crossing"]) await writeMjpeg(scene, video(scene));
});

after(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

const video = (scene) => join(folder, `${scene}.mjpeg`);

const openWithCamera = (scene, ...flags) =>
  openBrowser({
    flags: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${video(scene)}`,
      ...flags,
    ],
  });

/** Starts the camera for the first time in this profile. */
async function startCamera(page) {
  await page.getByTestId("camera-start").click();
  await page.getByTestId("first-use-accept").click();
}

/** What the button offers for download, as text. */
async function download(page, hook) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId(hook).click(),
  ]);
  return readFile(await file.path(), "utf8");
}

/** Waits until at least so many frames are recorded. */
const recorded = (page, count) =>
  page.waitForFunction(
    (count) => {
      const words = document.querySelector("[data-testid=record-count]").textContent;
      return Number.parseInt(words, 10) >= count;
    },
    count,
  );

const trackStates = (stream) =>
  stream.evaluate((stream) => stream.getTracks().map((track) => track.readyState));

for (const backend of ["cpu", "webgpu"]) {
  test(`the camera's face is read live on ${backend}, recorded and explained`, async () => {
    const browser = await openWithCamera("face");
    const { page, faults } = await openPage(browser, site, `?backend=${backend}#live`);
    assert.equal(await page.getByTestId("camera-view").count(), 0);
    await startCamera(page);
    const face = page.getByTestId("camera-face");
    await face.waitFor();
    assert.equal(await face.getByTestId("probability").count(), 8);
    assert.equal(await page.getByTestId("camera-box").first().getAttribute("data-track"), "1");
    const shares = await probabilities(face);
    assert.ok(Math.abs(Object.values(shares).reduce((a, b) => a + b) - 1) < 1e-3);
    // The picture that the network sees is a picture.
    assert.ok((await canvasSpread(face.getByTestId("live-input"))).deviation > 10);
    // The figures come as soon as some frames are through.
    await page.getByTestId("live-rate").filter({ hasText: /\d/ }).waitFor();
    for (const stage of ["transfer", "detect", "classify", "draw"]) {
      const words = await page.locator(`[data-stage=${stage}]`).textContent();
      assert.match(words, /\d ms/);
    }
    assert.equal(
      await page.locator("video").evaluate((video) => getComputedStyle(video).transform),
      "matrix(-1, 0, 0, 1, 0, 0)",
    );

    await page.getByTestId("record").click();
    await recorded(page, 2);
    await page.getByTestId("record").click();
    const json = JSON.parse(await download(page, "record-json"));
    assert.equal(json.source, "camera");
    assert.ok(Date.parse(json.time_zero) > Date.now() - 10 * 60_000);
    const times = json.frames.map((frame) => frame.time_s);
    assert.deepEqual(times, times.toSorted((one, other) => one - other));
    for (const { width, height, faces } of json.frames) {
      assert.deepEqual({ width, height }, SIZE);
      assert.equal(faces.length, 1);
      assert.equal(faces[0].track, 1);
      assert.deepEqual(Object.keys(faces[0].probabilities), CLASSES);
      // The face is in the middle; the data is not mirrored, and would not show it here.
      const { box } = faces[0];
      assert.ok(Math.abs(box.x + box.width / 2 - 320) < 30);
    }
    const rows = (await download(page, "record-csv")).trim().split("\n");
    assert.equal(rows.length, 1 + json.frames.length);
    assert.match(rows[0], /^time_s,.*,track,.*,happy,.*,unsmoothed_happy/);

    const overlay = page.getByTestId("live-saliency");
    const blank = await overlay.evaluate((canvas) => canvas.toDataURL());
    await page.getByTestId("live-explain").check();
    await page.locator("[data-testid=live-saliency][data-track='1']").waitFor();
    await page.waitForFunction(
      ([canvas, blank]) => canvas.toDataURL() !== blank,
      [await overlay.elementHandle(), blank],
    );

    // Another class than the most probable one.
    const other = CLASSES.find((name) => shares[name] < 0.2);
    await page.getByTestId("live-class").selectOption(other);
    await page.locator(`[data-testid=live-saliency][data-class=${other}]`).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("class"), other);
    await page.getByTestId("live-class").selectOption("");
    await page.locator(`[data-testid=live-saliency]:not([data-class=${other}])`).waitFor();

    const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);
    await page.getByTestId("camera-stop").click();
    await page.getByTestId("camera-view").waitFor({ state: "detached" });
    assert.deepEqual(await trackStates(stream), ["ended"]);
    // What was recorded stays.
    assert.match(await page.getByTestId("record-count").textContent(), /^\d+ frames/);
    assert.deepEqual(faults, []);
    await browser.close();
  });
}

test("the classes that can be explained are those of the network in use", async () => {
  const browser = await openWithCamera("face");
  const query = "?backend=cpu&model=student-ferplus&class=contempt#live";
  const { page, faults } = await openPage(browser, site, query);
  await startCamera(page);
  await page.getByTestId("camera-face").first().waitFor();
  await page.getByTestId("live-explain").check();
  await page.locator("[data-testid=live-saliency][data-class=contempt]").waitFor();
  const options = page.getByTestId("live-class").locator("option");
  const values = await options.evaluateAll((all) => all.map(({ value }) => value));
  assert.deepEqual(values, ["", ...CLASSES]);
  assert.equal(await page.getByTestId("live-class").inputValue(), "contempt");
  assert.deepEqual(faults, []);
  await page.close();

  // A network that does not know contempt explains the most probable class.
  const other = await openPage(browser, site, query.replace("ferplus", "fer2013"));
  await other.page.getByTestId("camera-start").click();
  await other.page.getByTestId("camera-face").first().waitFor();
  await other.page.getByTestId("live-explain").check();
  await other.page.locator("[data-testid=live-saliency]:not([data-class=contempt])").waitFor();
  assert.equal(await other.page.getByTestId("live-class").inputValue(), "");
  assert.deepEqual(other.faults, []);
  await browser.close();
});

test("two faces that cross keep their numbers", async () => {
  const browser = await openWithCamera("crossing");
  const { page, faults } = await openPage(browser, site, "?backend=cpu#live");
  await startCamera(page);
  await page.getByTestId("camera-face").nth(1).waitFor();
  await page.getByTestId("record").click();
  // For longer than they take to cross and come back.
  await page.waitForTimeout(1.2 * SECONDS * 1000);
  await page.getByTestId("record").click();
  const all = JSON.parse(await download(page, "record-json")).frames;
  const seen = { upper: new Set(), lower: new Set() };
  const sides = { upper: new Set(), lower: new Set() };
  for (const { faces } of all) {
    for (const { track, box } of faces) {
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      const which = y < 240 ? "upper" : "lower";
      seen[which].add(track);
      if (Math.abs(x - 320) > 80) sides[which].add(x < 320 ? "left" : "right");
    }
  }
  const both = all.filter(({ faces }) => faces.length === 2).length;
  assert.ok(both > all.length / 4, `two faces in ${both} of ${all.length} frames`);
  assert.deepEqual([sides.upper.size, sides.lower.size], [2, 2], "they have crossed");
  assert.deepEqual([seen.upper.size, seen.lower.size], [1, 1], "each has one number");
  assert.notDeepEqual(seen.upper, seen.lower);
  assert.deepEqual(faults, []);
  await browser.close();
});

for (const backend of ["cpu", "webgpu"]) {
  test(`where no face is, the page says so on ${backend}`, async () => {
    const browser = await openWithCamera("no-face");
    const { page, faults } = await openPage(browser, site, `?backend=${backend}#live`);
    await startCamera(page);
    await page.getByTestId("live-rate").filter({ hasText: /\d/ }).waitFor();
    await page.getByText("No face in sight").waitFor();
    assert.equal(await page.getByTestId("live-status").textContent(), "no face");
    assert.equal(await page.getByTestId("camera-face").count(), 0);
    assert.deepEqual(faults, []);
    await browser.close();
  });
}

test("the first-use notice comes once, and the camera only after it", async () => {
  const browser = await openWithCamera("face");
  const { page } = await openPage(browser, site, "#live");
  await page.getByTestId("camera-start").click();
  await page.getByTestId("first-use").filter({ hasText: "Article 5(1)(f)" }).waitFor();
  assert.equal(await page.getByTestId("camera-view").count(), 0);
  await page.getByTestId("first-use-accept").click();
  await page.getByTestId("camera-view").waitFor();
  await page.getByTestId("camera-stop").click();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("camera-view").waitFor();
  await browser.close();
});

test("smoothing is set, kept, and does what it says", async () => {
  const browser = await openWithCamera("face");
  const { page } = await openPage(browser, site, "?backend=cpu#live");
  await startCamera(page);
  await page.getByTestId("camera-face").waitFor();
  await page.getByTestId("smoothing").fill("0");
  assert.equal(await page.getByTestId("smoothing-value").textContent(), "0.0 s");
  await page.getByTestId("record").click();
  await recorded(page, 2);
  await page.getByTestId("record").click();
  const { frames } = JSON.parse(await download(page, "record-json"));
  const last = frames.at(-1);
  assert.equal(last.smoothing_s, 0);
  assert.deepEqual(last.faces[0].probabilities, last.faces[0].unsmoothed);
  await page.reload();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("smoothing-value").filter({ hasText: "0.0 s" }).waitFor();
  await browser.close();
});

test("the time line is read by keyboard and as a table", async () => {
  const browser = await openWithCamera("face");
  const { page, faults } = await openPage(browser, site, "?backend=cpu#live");
  await startCamera(page);
  const line = page.getByTestId("timeline");
  await line.waitFor();
  await page.waitForFunction(
    () => Number(document.querySelector("[data-testid=timeline]").dataset.readings) > 4,
  );
  await line.getByRole("img").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  const words = line.getByTestId("timeline-value");
  assert.match(await words.textContent(), /^\d+\.\d s ago: \w+ \d+ %, \w+ \d+ %, \w+ \d+ %$/);
  await page.getByTestId("timeline-table").locator("summary").click();
  const rows = line.getByRole("row");
  assert.equal(await rows.count(), 1 + CLASSES.length);
  assert.match(await rows.nth(4).textContent(), /^happy\d+ %\d+ %\d+ %\d+ %$/);
  assert.deepEqual(faults, []);
  await browser.close();
});

test("one of several cameras is chosen", async () => {
  const browser = await openBrowser({
    flags: [
      "--use-fake-device-for-media-stream=device-count=2",
      "--use-fake-ui-for-media-stream",
    ],
  });
  const { page, faults } = await openPage(browser, site, "?backend=cpu#live");
  await startCamera(page);
  const choice = page.getByTestId("camera-choice");
  await page.waitForFunction(
    () => document.querySelector("[data-testid=camera-choice]")?.options.length === 2,
  );
  const running = () =>
    page.locator("video").evaluate((v) => v.srcObject.getVideoTracks()[0].getSettings().deviceId);
  const first = await running();
  assert.equal(await choice.inputValue(), first);
  const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);
  const values = await choice.locator("option").evaluateAll((all) => all.map((o) => o.value));
  const other = values.find((value) => value !== first);
  await choice.selectOption(other);
  await page.waitForFunction(
    (id) =>
      document.querySelector("video")?.srcObject?.getVideoTracks()[0].getSettings().deviceId === id,
    other,
  );
  assert.equal(await page.getByTestId("camera-choice").inputValue(), other);
  assert.deepEqual(await trackStates(stream), ["ended"]);
  assert.deepEqual(faults, []);
  await browser.close();
});

test("a hidden page stops its camera and says so", async () => {
  const browser = await openWithCamera("face");
  const { page } = await openPage(browser, site, "#live");
  await startCamera(page);
  await page.getByTestId("camera-view").waitFor();
  const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.locator("[data-testid=camera-error][data-fault=hidden]").waitFor();
  assert.equal(await page.getByTestId("camera-view").count(), 0);
  assert.deepEqual(await trackStates(stream), ["ended"]);
  await browser.close();
});

test("a camera that is unplugged is missed, and can be started again", async () => {
  const browser = await openWithCamera("face");
  const { page } = await openPage(browser, site, "#live");
  await startCamera(page);
  await page.getByTestId("camera-view").waitFor();
  await page.locator("video").evaluate((video) => {
    const [track] = video.srcObject.getTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  });
  const words = await page.locator("[data-testid=camera-error][data-fault=ended]").textContent();
  assert.match(words, /Plug it in/);
  await page.getByTestId("camera-start").click();
  await page.getByTestId("camera-view").waitFor();
  assert.equal(await page.getByTestId("camera-error").count(), 0);
  await browser.close();
});

test("leaving the view stops the camera", async () => {
  const browser = await openWithCamera("face");
  const { page } = await openPage(browser, site, "#live");
  await startCamera(page);
  const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);
  await page.getByRole("link", { name: "About" }).click();
  await page.getByTestId("camera-view").waitFor({ state: "detached" });
  assert.deepEqual(await trackStates(stream), ["ended"]);
  await browser.close();
});

test("a refused camera is explained in every language", async () => {
  const browser = await openBrowser({
    flags: [
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${video("face")}`,
      "--deny-permission-prompts",
    ],
  });
  const remedies = { en: /refused.*Allow it/, de: /verweigert.*Erlauben/, es: /denegó.*Permítalo/ };
  for (const [language, remedy] of Object.entries(remedies)) {
    const { page } = await openPage(browser, site, `?lang=${language}#live`);
    await page.getByTestId("camera-start").click();
    if (language === "en") await page.getByTestId("first-use-accept").click();
    const error = page.getByTestId("camera-error");
    assert.match(await error.textContent(), remedy);
    assert.equal(await error.getAttribute("data-fault"), "refused");
    await page.close();
  }
  await browser.close();
});

test("an absent camera is explained", async () => {
  const browser = await openBrowser({ flags: ["--use-fake-ui-for-media-stream"] });
  const { page } = await openPage(browser, site, "#live");
  await startCamera(page);
  const error = page.getByTestId("camera-error");
  assert.match(await error.textContent(), /No camera was found/);
  assert.equal(await error.getAttribute("data-fault"), "absent");
  await browser.close();
});

test("a video file is read, paused, sought and exported", async () => {
  const browser = await openBrowser();
  const { page, faults } = await openPage(browser, site, "?backend=cpu#live");
  await page.getByTestId("video-input").setInputFiles({
    name: "face.webm",
    mimeType: "video/webm",
    buffer: await makeWebm(4),
  });
  await page.getByTestId("camera-face").first().waitFor();
  const play = page.getByTestId("film-play");
  if ((await play.textContent()) === "Pause") await play.click();
  await play.filter({ hasText: "Play" }).waitFor();
  assert.equal(
    await page.locator("video").evaluate((video) => getComputedStyle(video).transform),
    "none",
  );

  await page.getByTestId("record").click();
  for (const time of ["0.4", "2"]) {
    const before = Number.parseInt(await page.getByTestId("record-count").textContent(), 10) || 0;
    await page.getByTestId("film-seek").fill(time);
    await recorded(page, before + 1);
    // It may have been the frame before, which was still on its way.
    await page.waitForTimeout(1500);
  }
  await page.getByTestId("record").click();
  const { source, name, frames } = JSON.parse(await download(page, "record-json"));
  assert.deepEqual([source, name], ["video", "face.webm"]);
  // The frame that was on its way when the recording began may come first.
  const at = (time) => frames.find((frame) => Math.abs(frame.time_s - time) < 0.01);
  const middle = ({ faces: [{ box }] }) => box.x + box.width / 2;
  // It goes to the right by 25 pixels a second.
  const way = middle(at(2)) - middle(at(0.4));
  assert.ok(way > 20 && way < 60, `the face moved by ${way} pixels`);

  await page.getByTestId("camera-stop").click();
  await page.getByTestId("video-input").setInputFiles({
    name: "broken.webm",
    mimeType: "video/webm",
    buffer: Buffer.from("no video"),
  });
  await page.locator("[data-testid=camera-error][data-fault=unplayable]").waitFor();
  assert.deepEqual(faults, []);
  await browser.close();
});
