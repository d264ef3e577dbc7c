// The table says what was measured, and calls nothing met that is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compare,
  difference,
  within,
  overlap,
  rankCorrelation,
  render,
  score,
  summary,
} from "./table.js";

const row = (ours, theirs, target, conditions) =>
  compare({
    work: "work",
    unit: "ms",
    ours: { name: "ours", samples: ours },
    theirs: { name: "theirs", samples: theirs },
    target,
    conditions,
  });

test("minimum and median are those of the samples", () => {
  assert.deepEqual(summary([5, 1, 9]), { minimum: 1, median: 5, samples: 3 });
  assert.deepEqual(summary([4, 2, 10, 8]), { minimum: 2, median: 6, samples: 4 });
  assert.throws(() => summary([]));
});

test("the ratio is that of the medians, and a target is met up to it", () => {
  assert.equal(row([1, 2, 30], [10, 4, 4], 0.5).ratio, 0.5);
  assert.equal(row([2], [4], 0.5).verdict, "met");
  assert.equal(row([2.001], [4], 0.5).verdict, "missed");
  assert.equal("verdict" in row([2], [4]), false);
});

test("a target is missed where a condition does not hold", () => {
  const condition = { what: "outputs differ by", value: 0.1 };
  assert.equal(row([1], [4], 0.5, [{ ...condition, holds: true }]).verdict, "met");
  const missed = row([1], [4], 0.5, [{ ...condition, holds: false }]);
  assert.equal(missed.verdict, "missed");
  assert.match(render([missed]), /missed; outputs differ by 0.1/);
});

test("a limit is compared with the value itself", () => {
  const at = (value) => within({ work: "bytes", unit: "bytes", samples: [value], target: 600 }).verdict;
  assert.deepEqual([at(600), at(601)], ["met", "missed"]);
});

test("outputs that are missing or no numbers differ without end", () => {
  assert.equal(difference([1, 2], [1, 2.5]), 0.2);
  assert.equal(difference([0, 0.25], [0, 0.5]), 0.25);
  assert.equal(difference([1], [1, 2]), Infinity);
  assert.equal(difference([NaN], [1]), Infinity);
});

test("rank correlation is of ranks, with ties shared", () => {
  assert.equal(rankCorrelation([1, 2, 3], [10, 200, 3000]), 1);
  assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  assert.ok(Math.abs(rankCorrelation([1, 1, 2, 3], [1, 2, 2, 3]) - 5 / 6) < 1e-9);
});

test("faces are found where boxes meet them, and other boxes are wrong", () => {
  const truth = [
    [0, 0, 10, 10],
    [100, 0, 10, 10],
  ];
  assert.equal(overlap([0, 0, 10, 10], [0, 0, 10, 5]), 0.5);
  const boxes = [
    [1, 1, 10, 10],
    [50, 50, 10, 10],
  ];
  assert.deepEqual(score(boxes, truth), { found: [true, false], wrong: 1 });
});
