// Cold starts: every sample is a browser that has never seen the page.

import { openBrowser } from "./browser.js";
import { PAGES } from "./contestants.js";
import { compare } from "./table.js";

/** In the product's page: hands over the photo once there is an input, and waits for a label. */
function watchSite(photo) {
  const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  let handed = false;
  const look = () => {
    const input = document.querySelector("[data-testid=photo-input]");
    if (input && !handed) {
      handed = true;
      const files = new DataTransfer();
      files.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (document.querySelector("[data-testid=face-card][data-label]")) {
      window.firstResult = performance.now();
      observer.disconnect();
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true, attributes: true });
}

/** Opens a page cold: milliseconds from navigation to first result, and bytes sent till then. */
async function start(server, name, options, photo) {
  const browser = await openBrowser(options);
  const page = await browser.context.newPage();
  page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
  if (name === "mien-page") await page.addInitScript(watchSite, photo.toString("base64"));
  server.sent();
  await page.goto(server.url + PAGES[name]);
  const result = await page.waitForFunction(() => window.firstResult);
  const ms = await result.jsonValue();
  const sent = server.sent();
  await browser.close();
  return { ms, bytes: [...sent.values()].reduce((sum, length) => sum + length, 0) };
}

/** Samples of every page, in turn. */
export async function measureStarts(server, rows, rounds, options, photo, say) {
  const names = [...new Set(rows.flatMap((row) => [row.ours, row.theirs]))];
  const samples = new Map(names.map((name) => [name, []]));
  // The first of each fills the server's cache of compressed files.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const sample = await start(server, name, options, photo);
      if (round >= 0) samples.get(name).push(sample);
    }
  }
  say(`starts: ${names.join(", ")}`);
  return rows.map(({ work, unit, ours, theirs, target }) => {
    const key = unit === "bytes" ? "bytes" : "ms";
    const side = (name) => ({ name, samples: samples.get(name).map((sample) => sample[key]) });
    return compare({ work, unit, ours: side(ours), theirs: side(theirs), target });
  });
}
