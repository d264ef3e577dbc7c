// Nothing leaves the device, nothing foreign gets in, and what is stored is listed.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { download, engineReady, openBrowser, openPage, photo, readPhotos, serveSite } from "./support.js";
import { writeMjpeg } from "./video.js";

let site;
let browser;
let folder;

before(async () => {
  site = await serveSite();
  folder = await mkdtemp(join(tmpdir(), "mien-privacy-"));
  const video = join(folder, "face.mjpeg");
  await writeMjpeg("face", video);
  browser = await openBrowser({
    flags: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${video}`,
    ],
  });
});

after(async () => {
  await browser?.close();
  await site?.close();
  if (folder) await rm(folder, { recursive: true });
});

test("in a whole session nothing is sent anywhere", async () => {
  const requests = [];
  // Of the context: the page, its workers and the service worker.
  browser.context.on("request", (request) => requests.push(request));
  const { page, faults } = await openPage(browser, site, "?backend=cpu&lang=en#photos");

  await readPhotos(page, [photo("astronaut.png"), photo("chelsea.png")]);
  await page.getByTestId("tile").first().click();
  await page.getByTestId("explain").first().click();
  await page.getByTestId("saliency").waitFor();
  await download(page, "download-json");

  await page.locator("[data-view=live]").click();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("first-use-accept").click();
  await page.getByTestId("camera-face").first().waitFor();
  await page.getByTestId("camera-stop").click();

  await page.locator("[data-view=judge]").click();
  await page.getByTestId("confusion-matrix").waitFor();
  await page.locator("[data-view=about]").click();
  await page.getByTestId("offline-ready").waitFor();

  assert.ok(requests.length > 10, "the session was recorded");
  for (const request of requests) {
    const { search, protocol, pathname } = new URL(request.url());
    const name = `${request.method()} ${request.url()}`;
    assert.ok(["blob:", "data:"].includes(protocol) || request.url().startsWith(site.url), name);
    assert.equal(request.method(), "GET", name);
    assert.equal(request.postData(), null, name);
    // Nothing can be told by an address either: only the page itself is asked for with settings.
    const isPage = site.url.endsWith(pathname);
    if (["http:", "https:"].includes(protocol) && !isPage) assert.equal(search, "", name);
  }

  const kept = await page.evaluate(async () => ({
    cookie: document.cookie,
    databases: await indexedDB.databases(),
    session: Object.keys(sessionStorage),
    settings: { ...localStorage },
    cached: (
      await Promise.all(
        (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
      )
    ).flat(),
  }));
  assert.equal(kept.cookie, "");
  assert.deepEqual(kept.databases, []);
  assert.deepEqual(kept.session, []);
  const listed = await page.getByTestId("kept").evaluateAll((items) => items.map((item) => item.textContent));
  const stored = Object.entries(kept.settings).map(([name, value]) => `${name.replace(/^mien\./, "")}: ${value}`);
  assert.ok(stored.length > 0, "a choice was stored");
  assert.deepEqual(listed.sort(), stored.sort());
  for (const url of kept.cached) assert.ok(url.startsWith(site.url), url);
  assert.deepEqual(faults, []);
  await page.close();
});

test("a network that was changed on its way is refused", async () => {
  for (const model of ["centerface", "student-fer2013"]) {
    const change = (name, body) => {
      if (!name.startsWith(`models/${model}-`) || !name.endsWith(".mien")) return body;
      const changed = Buffer.from(body);
      // In the weights: only the hash tells.
      changed[changed.length - 1] ^= 1;
      return changed;
    };
    const changed = await serveSite({ change });
    const { page } = await openPage(browser, changed, "?lang=en&model=student-fer2013#photos");
    const alert = page.getByRole("alert").filter({ hasText: new RegExp(`${model}.*not the model that belongs`) });
    await alert.filter({ hasText: "Reload the page" }).waitFor();
    await page.close();
    await changed.close();
  }
});

test("scripts that the page did not bring are not run", async () => {
  const { page } = await openPage(browser, site);
  await engineReady(page);
  const refused = await page.evaluate(async () => {
    const violations = [];
    addEventListener("securitypolicyviolation", ({ effectiveDirective }) => violations.push(effectiveDirective));
    const inline = document.createElement("script");
    inline.textContent = "window.foreign = true";
    document.head.append(inline);
    const frame = document.createElement("iframe");
    frame.src = "https://example.com/";
    document.body.append(frame);
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { violations, ran: window.foreign === true };
  });
  assert.ok(!refused.ran);
  assert.ok(refused.violations.includes("script-src-elem"), String(refused.violations));
  assert.ok(refused.violations.includes("frame-src"), String(refused.violations));
  await page.close();
});

test("the policy is strict", async () => {
  const { page } = await openPage(browser, site);
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  const directives = Object.fromEntries(
    policy.split(";").map((directive) => {
      const [name, ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
  assert.deepEqual(directives["default-src"], ["'none'"]);
  assert.deepEqual(directives["connect-src"], ["'self'"]);
  assert.deepEqual(directives["script-src"], ["'self'", "'wasm-unsafe-eval'"]);
  assert.deepEqual(directives["style-src"], ["'self'"]);
  for (const sources of Object.values(directives)) {
    for (const source of sources) {
      assert.ok(["'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:"].includes(source), source);
    }
  }
  await page.close();
});

test("the licences are in the page, and a bill of materials is beside it", async () => {
  const { page } = await openPage(browser, site, "?lang=en#about");
  const url = await page.getByTestId("licences").evaluate((link) => link.href);
  const licences = await (await fetch(url)).text();
  for (const words of ["leptos ", "wgpu ", "MIT License", "CenterFace"]) assert.ok(licences.includes(words), words);
  const sbom = await (await fetch(`${site.url}sbom.cdx.json`)).json();
  assert.equal(sbom.bomFormat, "CycloneDX");
  assert.ok(sbom.components.some(({ purl }) => purl?.startsWith("pkg:cargo/leptos@")));
  assert.ok(sbom.components.some(({ type }) => type === "machine-learning-model"));
  await page.close();
});
