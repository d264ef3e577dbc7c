// From measurements to rows that say whether a target is met, and to a table for people.

/** Minimum and median of samples. */
export function summary(samples) {
  if (samples.length === 0) throw new Error("nothing was measured");
  const sorted = [...samples].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { minimum: sorted[0], median, samples: sorted.length };
}

/**
 * A row of the report: ours against theirs, the ratio of the medians, and the verdict. `conditions`
 * are what has to hold besides, each `{ what, value, holds }`.
 */
export function compare({ work, unit, ours, theirs, target, conditions = [] }) {
  const row = {
    work,
    unit,
    ours: { name: ours.name, ...summary(ours.samples) },
    theirs: { name: theirs.name, ...summary(theirs.samples) },
    conditions,
  };
  row.ratio = row.ours.median / row.theirs.median;
  return { ...row, ...verdict(row.ratio, target, conditions) };
}

/** A row for what has a limit of its own. */
export function within({ work, unit, samples, target }) {
  const ours = { name: "mien-page", ...summary(samples) };
  return { work, unit, ours, conditions: [], ...verdict(ours.median, target, []) };
}

/** `met` or `missed`; nothing where there is no target. */
function verdict(value, target, conditions) {
  if (target === undefined) return {};
  const holds = value <= target && conditions.every((condition) => condition.holds);
  return { target, verdict: holds ? "met" : "missed" };
}

/** How far two lists of outputs are apart: absolutely, or as a share of values beyond 1. */
export function difference(one, other) {
  if (one.length !== other.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < one.length; i++) {
    const apart = Math.abs(one[i] - other[i]) / Math.max(1, Math.abs(other[i]));
    // Not a number is as far apart as can be.
    largest = Math.max(largest, Number.isNaN(apart) ? Infinity : apart);
  }
  return largest;
}

/** Spearman's rank correlation; equal values share their ranks' mean. */
export function rankCorrelation(one, other) {
  const [a, b] = [ranks(one), ranks(other)];
  const mean = (a.length - 1) / 2;
  const sum = (f) => a.reduce((total, _, i) => total + f(a[i] - mean, b[i] - mean), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

function ranks(values) {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let at = start; at < end; at++) ranks[order[at]] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}

/** How much two boxes `[x, y, width, height]` overlap: intersection over union. */
export function overlap([ax, ay, aw, ah], [bx, by, bw, bh]) {
  const width = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const height = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  const both = Math.max(0, width) * Math.max(0, height);
  return both / (aw * ah + bw * bh - both);
}

/** Which of the true faces were found, and how many found boxes are no face. */
export function score(found, truth) {
  const meets = (face, box) => overlap(face, box) > 0.3;
  return {
    found: truth.map((face) => found.some((box) => meets(face, box))),
    wrong: found.filter((box) => !truth.some((face) => meets(face, box))).length,
  };
}

/** The report's rows as text in columns. */
export function render(rows) {
  const head = ["work", "ours", "against", "minimum", "median", "ratio", "target", ""];
  const figure = (value, unit) => (unit === "bytes" ? `${Math.round(value)}` : value.toFixed(2));
  const pair = ({ ours, theirs, unit }, key) =>
    [ours, theirs]
      .filter(Boolean)
      .map((side) => figure(side[key], unit))
      .join(" : ");
  const cells = rows.map((row) => [
    row.work,
    row.ours.name,
    row.theirs?.name ?? "-",
    `${pair(row, "minimum")} ${row.unit}`,
    `${pair(row, "median")} ${row.unit}`,
    row.ratio?.toFixed(3) ?? "-",
    row.target === undefined ? "-" : `${row.target}`,
    [row.verdict ?? "", ...row.conditions.map(({ what, value }) => `${what} ${value}`)].join("; "),
  ]);
  const all = [head, ...cells];
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i].length)));
  return all
    .map((line) => line.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd())
    .join("\n");
}
