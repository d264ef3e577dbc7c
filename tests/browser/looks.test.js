// How the page looks and reads: every view, narrow and wide, light and dark. With MIEN_SCREENS=1 the
// pictures in `screens/` are made anew; look at them.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { violations } from "./axe.js";
import { engineReady, openBrowser, openPage, photo, root, serveSite } from "./support.js";
import { writeMjpeg } from "./video.js";

const screens = join(root, "tests/browser/screens");
const makesScreens = process.env.MIEN_SCREENS === "1";

const WIDTHS = { phone: 390, tablet: 768, desk: 1440 };

/** Every state that is looked at: the view, and what is done there. */
const STATES = {
  photos: { view: "photos" },
  loading: { view: "photos", change: waitingFor("centerface"), ready: (page) => page.locator(".loading progress").waitFor() },
  "no-face": { view: "photos", prepare: (page) => readOne(page, photo("chelsea.png")) },
  face: { view: "photos", query: "&layer=map", prepare: explained },
  contrast: { view: "photos", query: "&layer=map&against=neutral", prepare: explained },
  parts: { view: "photos", query: "&layer=parts", prepare: explained },
  "counter-example": { view: "photos", query: "&layer=counter-example", prepare: explained },
  gallery: { view: "photos", prepare: (page) => readAll(page) },
  refused: {
    view: "photos",
    prepare: async (page) => {
      await readAll(page);
      await page.locator('[data-testid=tile][data-name="broken.png"]').click();
      await page.getByTestId("photo-error").waitFor();
    },
  },
  stopped: { view: "photos", without: "centerface", ready: (page) => page.getByRole("alert").waitFor() },
  live: { view: "live" },
  "live-first-use": { view: "live", prepare: (page) => page.getByTestId("camera-start").click() },
  "live-running": { view: "live", prepare: (page) => running(page) },
  "live-unplugged": { view: "live", prepare: (page) => unplugged(page) },
  judge: { view: "judge", query: "&model=student-fer2013", prepare: cellChosen },
  "judge-missing": { view: "judge", without: "reports/", prepare: (page) => page.locator(".message.error").waitFor() },
  "judge-refused": { view: "judge", prepare: refused },
  judged: { view: "judge", prepare: judged },
  compare: { view: "compare", prepare: compared },
  "compare-missing": { view: "compare", without: "studies/" },
  about: { view: "about", prepare: (page) => page.getByTestId("class-errors").waitFor() },
};

const camera = `${root}public/samples/camera.jpg`;

/** Serves everything but one file, which never comes. */
function waitingFor(name) {
  return (path, body) => (path.includes(name) ? null : body);
}

async function readOne(page, file) {
  await page.getByTestId("photo-input").setInputFiles([file]);
  await page.getByTestId("status").filter({ hasText: /face/ }).waitFor();
}

async function explained(page) {
  await readOne(page, photo("astronaut.png"));
  await page.getByTestId("explain").click();
  await page.getByTestId("explain-summary").waitFor();
  await page.locator(".explanation[aria-busy=false]").waitFor();
}

async function cellChosen(page) {
  await page.locator("[data-testid=matrix-cell][data-truth=fear][data-predicted=sad]").click();
  const map = page.locator("[data-testid=cell-map] img");
  await map.evaluate((picture) => picture.decode());
  // Those that are out of sight wait until they are seen.
  await page.locator("[data-testid=mean-maps]").scrollIntoViewIfNeeded();
  const maps = page.locator("[data-testid=mean-maps] img");
  await maps.evaluateAll((pictures) => Promise.all(pictures.map((picture) => picture.decode())));
  await page.evaluate(() => window.scrollTo(0, 0));
}

/** Two networks with their maps: what there is of them in this site. */
async function compared(page) {
  await readOne(page, photo("astronaut.png"));
  const networks = page.getByTestId("network");
  const count = Math.min(2, await networks.count());
  for (let index = 0; index < count; index += 1) await networks.nth(index).check();
  if (count) await page.getByTestId("compare-why").click();
  for (let index = 0; index < count; index += 1) await page.getByTestId("compare-saliency").nth(index).waitFor();
  await page.evaluate(() => window.scrollTo(0, 0));
}

async function refused(page) {
  const file = { name: "notes.csv", mimeType: "text/csv", buffer: Buffer.from("name,age\nAda,36\n") };
  await page.getByTestId("judge-csv").setInputFiles(file);
  await page.getByTestId("judge-start").click();
  await page.getByTestId("judge-error").waitFor();
}

async function readAll(page) {
  const broken = { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("nothing") };
  await page.getByTestId("photo-input").setInputFiles([photo("astronaut.png"), photo("chelsea.png"), camera]);
  await page.getByTestId("photo-input").setInputFiles(broken);
  await page.getByTestId("status").filter({ hasText: "in 4 photos" }).waitFor();
}

async function running(page) {
  await page.getByTestId("camera-start").click();
  // Asked once in this browser.
  const consent = page.getByTestId("first-use-accept");
  await consent.or(page.getByTestId("camera-view")).first().waitFor();
  if (await consent.count()) await consent.click();
  await page.getByTestId("record").click();
  await page.getByTestId("live-explain").check();
  await page.getByTestId("camera-face").first().waitFor();
  await page.locator("[data-testid=live-saliency][data-track]").waitFor();
  await page.getByTestId("record").click();
  await page.getByTestId("timeline-table").first().locator("summary").click();
}

async function unplugged(page) {
  await running(page);
  await page.locator("video").evaluate((video) => {
    const [track] = video.srcObject.getTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  });
  await page.getByTestId("camera-error").waitFor();
}

/** A picture at half its size, as WebP: the repository keeps many of them. */
async function small(png) {
  const page = await browser.context.newPage();
  const url = await page.evaluate(async (source) => {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = picture.width / 2;
    canvas.height = picture.height / 2;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/webp", 0.6);
  }, `data:image/png;base64,${png.toString("base64")}`);
  await page.close();
  return Buffer.from(url.split(",")[1], "base64");
}

/** An evaluation of stripes, some rows of which are malformed. */
async function judged(page) {
  const stripes = (seed) => Array.from({ length: 48 * 48 }, (_, i) => ((i % 48) * seed * 5) % 256);
  const rows = Array.from({ length: 42 }, (_, i) => `${i % 7},${stripes(i).join(" ")},PublicTest`);
  const text = ["emotion,pixels,Usage", ...rows, "3,1 2 3,Training", "9,1,Training"].join("\n");
  const file = { name: "faces.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
  await page.getByTestId("judge-csv").setInputFiles(file);
  await page.getByTestId("judge-start").click();
  const result = page.getByTestId("judge-result");
  await result.locator("[data-testid=matrix-cell]:not([data-count='0'])").first().click();
  await result.getByTestId("judge-example").first().waitFor();
}

let browser;
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mien-looks-"));
  const video = join(folder, "crossing.mjpeg");
  await writeMjpeg("crossing", video);
  browser = await openBrowser({
    webgpu: false,
    flags: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${video}`,
    ],
  });
  // Chromium calls the camera after its file, which has another name each time.
  await browser.context.addInitScript(() => {
    for (const kind of [MediaStreamTrack, self.MediaDeviceInfo]) {
      if (kind) Object.defineProperty(kind.prototype, "label", { get: () => "Camera of the test" });
    }
  });
  if (makesScreens) await mkdir(screens, { recursive: true });
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

for (const [name, state] of Object.entries(STATES)) {
  const { view, query = "", without, change, ready = engineReady, prepare } = state;
  describe(name, () => {
    test("nothing is wrong for assistive technology, and nothing is wider than the screen", async (t) => {
      const site = await serveSite({ without, change });
      t.after(() => site.close());
      const { page, faults } = await openPage(browser, site, `?lang=en&theme=light${query}#${view}`);
      await ready(page);
      await prepare?.(page);
      for (const theme of ["light", "dark"]) {
        await page.getByTestId("theme").selectOption(theme);
        for (const [device, width] of Object.entries(WIDTHS)) {
          await page.setViewportSize({ width, height: 900 });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${wide} pixels wide on ${width}`);
          if (makesScreens) {
            // What sticks to the window would stand elsewhere.
            await page.evaluate(() => window.scrollTo(0, 0));
            const picture = await page.screenshot({ scale: "css", fullPage: true });
            await writeFile(join(screens, `${name}-${device}-${theme}.webp`), await small(picture));
          }
        }
        assert.deepEqual(await violations(page), [], theme);
      }
      // A file that is left out is an error on the console, as it should be.
      if (!without) assert.deepEqual(faults, []);
      await page.close();
    });
  });
}
