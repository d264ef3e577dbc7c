// How long the page takes for each method's map of a face in a photo, on the CPU: from the choice of
// the method to the picture.

import { PAGES } from "./contestants.js";
import { within } from "./table.js";

/** The page's default settings; occlusion in steps of 3 pixels. */
const LIMIT_MS = 2000;
const OCCLUSION_LIMIT_MS = 500;

/** Samples of every method, in turn; the first round warms up. */
export async function measureExplanations(browser, server, photo, rounds, say) {
  const page = await browser.context.newPage();
  await page.goto(server.url + PAGES["mien-page"].replace("#", "&layer=map#"));
  const find = (name) => page.locator(`[data-testid=${name}]`);
  await find("photo-input").setInputFiles({ name: "face.png", mimeType: "image/png", buffer: photo });
  await find("explain").click();
  await find("saliency").waitFor();
  const chooser = find("explain-method");
  const methods = await chooser
    .locator("option")
    .evaluateAll((options) => options.map((option) => option.value));
  const samples = new Map(methods.map((method) => [method, []]));
  for (let round = -1; round < rounds; round++) {
    for (const method of methods) {
      const start = performance.now();
      await chooser.selectOption(method);
      await page.locator(`[data-testid=saliency][data-method="${method}"]`).waitFor();
      await page.locator(".explanation[aria-busy=false]").waitFor();
      if (round >= 0) samples.get(method).push(performance.now() - start);
    }
  }
  await page.close();
  say(`explanations: ${methods.join(", ")}`);
  return methods.map((method) =>
    within({
      work: `explanation of a photo's face, ${method}`,
      unit: "ms",
      samples: samples.get(method),
      target: method === "occlusion" ? OCCLUSION_LIMIT_MS : LIMIT_MS,
    }),
  );
}
