// The camera, with a picture in place of one.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openBrowser, openPage, photo, serveSite } from "./support.js";

let site;
let folder;
let video;

/** A video of a still picture: frames of an MJPEG file are JPEGs, one after the other. */
async function makeVideo(path) {
  const browser = await openBrowser();
  const page = await browser.context.newPage();
  const source = `data:image/png;base64,${await readFile(photo("astronaut.png"), "base64")}`;
  const url = await page.evaluate(async (source) => {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 480;
    canvas.getContext("2d").drawImage(picture, 0, 0, 480, 480);
    return canvas.toDataURL("image/jpeg", 0.9);
  }, source);
  await browser.close();
  const frame = Buffer.from(url.split(",")[1], "base64");
  await writeFile(path, Buffer.concat(Array(30).fill(frame)));
}

before(async () => {
  site = await serveSite();
  folder = await mkdtemp(join(tmpdir(), "mien-camera-"));
  video = join(folder, "face.mjpeg");
  await makeVideo(video);
});

after(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

const openWithCamera = (...flags) =>
  openBrowser({
    flags: [
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${video}`,
      ...flags,
    ],
  });

for (const backend of ["cpu", "webgpu"]) {
  test(`the camera's face is read live on ${backend}, and the camera stops`, async () => {
    const browser = await openWithCamera("--use-fake-ui-for-media-stream");
    const { page, faults } = await openPage(browser, site, `?backend=${backend}#live`);
    assert.equal(await page.getByTestId("camera-view").count(), 0);
    await page.getByTestId("camera-start").click();
    const face = page.getByTestId("camera-face");
    await face.waitFor();
    assert.equal(await face.getByTestId("probability").count(), 7);
    await page.getByTestId("camera-box").waitFor();
    const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);

    await page.getByTestId("camera-stop").click();
    await page.getByTestId("camera-view").waitFor({ state: "detached" });
    const states = await stream.evaluate((stream) => stream.getTracks().map((t) => t.readyState));
    assert.deepEqual(states, ["ended"]);
    assert.deepEqual(faults, []);
    await browser.close();
  });
}

test("a hidden page stops its camera", async () => {
  const browser = await openWithCamera("--use-fake-ui-for-media-stream");
  const { page } = await openPage(browser, site, "#live");
  await page.getByTestId("camera-start").click();
  await page.getByTestId("camera-view").waitFor();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.getByTestId("camera-view").waitFor({ state: "detached" });
  await browser.close();
});

test("leaving the view stops the camera", async () => {
  const browser = await openWithCamera("--use-fake-ui-for-media-stream");
  const { page } = await openPage(browser, site, "#live");
  await page.getByTestId("camera-start").click();
  const stream = await page.locator("video").evaluateHandle((video) => video.srcObject);
  await page.getByRole("link", { name: "About" }).click();
  await page.getByTestId("camera-view").waitFor({ state: "detached" });
  const states = await stream.evaluate((stream) => stream.getTracks().map((t) => t.readyState));
  assert.deepEqual(states, ["ended"]);
  await browser.close();
});

test("a refused camera is explained", async () => {
  const browser = await openWithCamera("--deny-permission-prompts");
  const { page } = await openPage(browser, site, "#live");
  await page.getByTestId("camera-start").click();
  const words = await page.getByTestId("camera-error").textContent();
  assert.match(words, /refused/);
  await browser.close();
});

test("an absent camera is explained", async () => {
  const browser = await openBrowser({ flags: ["--use-fake-ui-for-media-stream"] });
  const { page } = await openPage(browser, site, "#live");
  await page.getByTestId("camera-start").click();
  const words = await page.getByTestId("camera-error").textContent();
  assert.match(words, /No camera was found/);
  await browser.close();
});
