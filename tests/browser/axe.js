// Accessibility faults, as axe-core finds them.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds on a page, a line a fault: the rule, and the elements that break it. */
export async function violations(page) {
  await page.evaluate(source);
  return page.evaluate(async () => {
    // Colours that are still changing have another contrast.
    const ends = (animation) => Number.isFinite(animation.effect.getComputedTiming().endTime);
    const changes = document.getAnimations().filter(ends);
    await Promise.allSettled(changes.map(({ finished }) => finished));
    const { violations } = await window.axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
}
