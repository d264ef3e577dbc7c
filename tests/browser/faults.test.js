// What fails around the page while it works: the graphics card, the worker, the storage, the network.
// The page goes on or says what to do, and keeps photos and results.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { engineReady, openBrowser, openPage, photo, readPhotos, serveSite } from "./support.js";

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

/**
 * Opens the page so that its worker runs `hook` before the engine does. The worker begins as a blob
 * that imports the engine; the hook is put before that import.
 */
async function openHooked(query, hook) {
  const page = await browser.context.newPage();
  await page.addInitScript((hook) => {
    window.Blob = class extends Blob {
      constructor(parts, options) {
        const isWorker = options?.type === "text/javascript";
        const late = (part) => `(${hook})();\n${part.replace(/^import (.*);$/, "await import($1);")}`;
        super(isWorker ? parts.map(late) : parts, options);
      }
    };
  }, hook.toString());
  await page.goto(site.url + query);
  return page;
}

/** Waits until a photo has been read, and gives the label of its face. */
async function label(page) {
  const card = page.getByTestId("face-card");
  await card.waitFor();
  return card.getAttribute("data-label");
}

describe("the graphics card", () => {
  const left = (page) => page.getByText("The graphics card stopped working").waitFor();

  // Submissions before the loss: in the midst of the first photo, and of its explanation.
  for (const moment of [0, 2]) {
    test(`is lost after ${moment} submissions`, async () => {
      const page = await openHooked(`?lang=en&backend=webgpu#photos`, () => {
        const request = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...settings) {
          self.device = await request.apply(this, settings);
          return self.device;
        };
        const submit = GPUQueue.prototype.submit;
        self.left = Infinity;
        GPUQueue.prototype.submit = function (...commands) {
          if (self.left-- === 0) self.device.destroy();
          return submit.apply(this, commands);
        };
      });
      assert.equal(await engineReady(page), "webgpu");
      const [worker] = page.workers();
      await worker.evaluate((moment) => (self.left = moment), moment);
      await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
      await label(page);
      await page.getByTestId("explain").click();
      await page.getByTestId("saliency").waitFor();
      await left(page);
      assert.equal(await engineReady(page), "cpu");
      await page.close();
    });
  }

  test("is lost while nothing is asked of it", async () => {
    const page = await openHooked(`?lang=en&backend=webgpu#photos`, () => {
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...settings) {
        self.device = await request.apply(this, settings);
        return self.device;
      };
    });
    assert.equal(await engineReady(page), "webgpu");
    await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
    const before = await label(page);
    await page.workers()[0].evaluate(() => self.device.destroy());
    await page.getByTestId("photo-input").setInputFiles(photo("chelsea.png"));
    await page.getByTestId("status").filter({ hasText: "in 2 photos" }).waitFor();
    await left(page);
    assert.equal(await label(page), before);
    await page.close();
  });

  test("has too little memory", async () => {
    const page = await openHooked(`?lang=en&backend=webgpu#photos`, () => {
      const pop = GPUDevice.prototype.popErrorScope;
      GPUDevice.prototype.popErrorScope = async function () {
        const error = await pop.call(this);
        return self.isFull ? new GPUOutOfMemoryError("injected") : error;
      };
    });
    assert.equal(await engineReady(page), "webgpu");
    await page.workers()[0].evaluate(() => (self.isFull = true));
    await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
    await label(page);
    await left(page);
    await page.close();
  });

  test("is not there though the browser knows WebGPU", async () => {
    const page = await openHooked(`?lang=en&backend=webgpu#photos`, () => {
      GPU.prototype.requestAdapter = async () => null;
    });
    assert.equal(await engineReady(page), "cpu");
    await page.getByText("The address asks for WebGPU, but").waitFor();
    await page.close();
  });
});

test("a worker that is killed in the midst of a request is missed, and what it owed is read again", async () => {
  const { page } = await openPage(browser, site, "?lang=en&backend=cpu#photos");
  await readPhotos(page, photo("astronaut.png"));
  const before = await label(page);
  const worker = page.workers()[0];
  await page.getByTestId("photo-input").setInputFiles(Array(6).fill(photo("chelsea.png")));
  await worker.evaluate(() => self.close()).catch(() => {});
  const alert = page.getByRole("alert").filter({ hasText: "ended without a word" });
  await alert.filter({ hasText: "the photos stay" }).waitFor();
  await page.getByTestId("tile").first().click();
  assert.equal(await label(page), before, "what was read stays");
  await alert.getByRole("button", { name: "Start again" }).click();
  await page.getByTestId("status").filter({ hasText: /^1 face found in 7 photos$/ }).waitFor();
  await page.close();
});

test("a worker whose memory runs out is said to have crashed", async () => {
  const { page } = await openPage(browser, site, "?lang=en&backend=cpu#photos");
  await engineReady(page);
  await page.workers()[0].evaluate(() => {
    setTimeout(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
  });
  const alert = page.getByRole("alert").filter({ hasText: "stopped unexpectedly" });
  await alert.getByRole("button", { name: "Start again" }).click();
  await engineReady(page);
  await readPhotos(page, photo("astronaut.png"));
  await page.close();
});

for (const [name, deny] of Object.entries({
  "is full": () => {
    const full = () => {
      throw new DOMException("injected", "QuotaExceededError");
    };
    Storage.prototype.setItem = full;
    Cache.prototype.put = Cache.prototype.add = async () => full();
  },
  "is denied": () => {
    const denied = () => {
      throw new DOMException("injected", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage", "caches", "indexedDB"]) {
      Object.defineProperty(window, name, { get: denied });
    }
    navigator.serviceWorker.register = async () => denied();
    navigator.locks.request = async () => denied();
  },
})) {
  test(`storage that ${name} keeps nobody from reading photos`, async () => {
    const page = await browser.context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.addInitScript(deny);
    await page.goto(`${site.url}?lang=en&backend=cpu#photos`);
    await page.getByTestId("theme").selectOption("dark");
    await readPhotos(page, photo("astronaut.png"));
    await label(page);
    await page.locator("[data-view=about]").click();
    await page.getByTestId("model-card").waitFor();
    assert.deepEqual(errors, []);
    await page.close();
  });
}

describe("the network", () => {
  // An origin of which nothing has been kept.
  let site;
  beforeEach(async () => (site = await serveSite()));
  afterEach(() => site.close());

  test("is cut while the models come, and photos wait for it", async () => {
    const page = await browser.context.newPage();
    await browser.context.route("**/*.mien", (route) => route.abort("internetdisconnected"));
    await page.goto(`${site.url}?lang=en&backend=cpu#photos`);
    const alert = page.getByRole("alert").filter({ hasText: "Check the connection" });
    await alert.waitFor();
    await page.getByTestId("photo-input").setInputFiles(photo("astronaut.png"));
    await browser.context.unroute("**/*.mien");
    await alert.getByRole("button", { name: "Start again" }).click();
    await label(page);
    await page.close();
  });

  test("is cut before the worker's program comes", async () => {
    const page = await browser.context.newPage();
    await browser.context.route("**/mien-worker*", (route) => route.abort("internetdisconnected"));
    await page.goto(`${site.url}?lang=en&backend=cpu#photos`);
    const alert = page.getByRole("alert").filter({ hasText: "could not be started" });
    await alert.waitFor();
    await browser.context.unroute("**/mien-worker*");
    await alert.getByRole("button", { name: "Start again" }).click();
    await readPhotos(page, photo("astronaut.png"));
    await page.close();
  });

  test("is cut before the page's program comes", async () => {
    const page = await browser.context.newPage();
    await browser.context.route("**/mien-app*.wasm", (route) => route.abort("internetdisconnected"));
    await page.goto(site.url);
    await page.getByText("Mien has not started. Check the connection").waitFor();
    await browser.context.unroute("**/mien-app*.wasm");
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Mien" }).waitFor();
    assert.equal(await page.getByText("Mien has not started").count(), 0);
    await page.close();
  });

  test("is cut before a part of the page comes, and photos stay", async () => {
    // Without the service worker, which would have the part by then.
    const own = await openBrowser();
    const page = await own.context.newPage();
    await own.context.route("**/service-worker.js", (route) => route.abort());
    await own.context.route("**/parts/**", (route) => route.abort("internetdisconnected"));
    await page.goto(`${site.url}?lang=en&backend=cpu#photos`);
    await readPhotos(page, photo("astronaut.png"));
    const missing = page.getByTestId("part-missing");
    await page.getByTestId("explain").click();
    await missing.getByText("could not be fetched").waitFor();
    await page.locator("[data-testid=view-link][data-view=judge]").click();
    await missing.waitFor();
    await own.context.unroute("**/parts/**");
    await missing.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { level: 2 }).first().waitFor();
    assert.equal(await missing.count(), 0);
    await page.locator("[data-testid=view-link][data-view=photos]").click();
    await label(page);
    await own.close();
  });
});

test("a stale copy whose engine has gone from the host offers the new version", async () => {
  const own = await openBrowser();
  let isNew = false;
  const change = (name, body) => {
    if (!isNew) return body;
    if (name === "service-worker.js") return `${body}// another version`;
    return body;
  };
  const changing = await serveSite({ change });
  const first = await openPage(own, changing, "?lang=en#about");
  await first.page.getByTestId("offline-ready").waitFor();
  // The browser has dropped a part of what it kept, and the host has only newer ones.
  await first.page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        if (request.url.includes("centerface")) await cache.delete(request);
      }
    }
  });
  await first.page.close();

  isNew = true;
  const page = await own.context.newPage();
  let isGone = true;
  await own.context.route("**/*centerface*.mien", (route) => (isGone ? route.abort() : route.continue()));
  await page.goto(`${changing.url}?lang=en&backend=cpu#photos`);
  await page.getByRole("alert").filter({ hasText: "could not be loaded" }).waitFor();
  isGone = false;
  const update = page.getByTestId("update");
  await update.waitFor();
  await update.getByRole("button").click();
  await readPhotos(page, photo("astronaut.png"));
  await page.close();
  await changing.close();
  await own.close();
});

test("a page that is frozen in the background goes on when it comes back", async () => {
  const { page, faults } = await openPage(browser, site, "?lang=en&backend=cpu#photos");
  await engineReady(page);
  await page.getByTestId("photo-input").setInputFiles(Array(6).fill(photo("chelsea.png")));
  const session = await browser.context.newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await page.getByTestId("status").filter({ hasText: "no face found in 6 photos" }).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});
