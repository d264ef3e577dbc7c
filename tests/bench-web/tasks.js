// Times of tasks that run again and again, the contestants in turn.

import { CONTESTANTS } from "./contestants.js";
import { openPage } from "./browser.js";
import { RANK_CORRELATION, TOLERANCE } from "./rows.js";
import { compare, difference, rankCorrelation, score } from "./table.js";

/** A turn lasts about this long: as many runs as fit, at least one. */
const TURN_MS = 250;
const MOST_RUNS = 50;
/** Tasks whose runs take longer than this get fewer rounds. */
const SLOW_MS = 4000;
const SLOW_ROUNDS = 2;

/** Opens a page for each contestant; `inputs` is what they are told of the networks. */
export async function gather(browser, server, names, { inputs, layers }) {
  const pages = new Map();
  for (const name of names) {
    const { module, options } = CONTESTANTS[name];
    const page = await openPage(browser, `${server.url}/page/contestant.html`);
    const told = module === "tfjs" ? { ...options, layers } : options;
    await page.evaluate(([...given]) => window.prepare(...given), [module, told, inputs]);
    pages.set(name, page);
  }
  return pages;
}

/** Runs every task of the rows, and gives samples and outputs by `task name`. */
export async function measure(pages, rows, rounds, say) {
  const results = new Map();
  const tasks = [...new Set(rows.map((row) => row.task))];
  for (const task of tasks) {
    const mine = rows.filter((row) => row.task === task);
    const names = [...new Set(mine.flatMap((row) => [row.ours, row.theirs]))];
    const turns = [];
    for (const name of names) {
      const page = pages.get(name);
      const output = await page.evaluate((task) => window.output(task), taskOf(name, task));
      const [once] = await time(page, name, task, 1);
      results.set(`${task} ${name}`, { output, samples: [] });
      turns.push({ page, name, once });
    }
    const slow = turns.some(({ once }) => once > SLOW_MS);
    for (let round = 0; round < (slow ? Math.min(rounds, SLOW_ROUNDS) : rounds); round++) {
      for (const { page, name, once } of turns) {
        const runs = Math.max(1, Math.min(MOST_RUNS, Math.round(TURN_MS / once)));
        results.get(`${task} ${name}`).samples.push(...(await time(page, name, task, runs)));
      }
    }
    say(`${task}: ${names.join(", ")}`);
  }
  return results;
}

/** Nobody but us has an approximate map: the others run all copies. */
const taskOf = (name, task) =>
  task === "approximate" && !name.startsWith("mien") ? "occlusion" : task;

const time = (page, name, task, runs) =>
  page.evaluate(([...given]) => window.time(...given), [taskOf(name, task), runs]);

/** The rows of the report. `truth` is where the photo's faces are. */
export function toRows(rows, results, truth) {
  return rows.map((row) => {
    const ours = results.get(`${row.task} ${row.ours}`);
    const theirs = results.get(`${row.task} ${row.theirs}`);
    return compare({
      work: row.work,
      unit: "ms",
      ours: { name: row.ours, samples: ours.samples },
      theirs: { name: row.theirs, samples: theirs.samples },
      target: row.target,
      conditions: conditions(row.task, ours.output, theirs.output, truth),
    });
  });
}

function conditions(task, ours, theirs, truth) {
  if (task === "photo") {
    const boxes = (faces) => faces.map((face) => face.box);
    const [mine, other] = [ours, theirs].map((faces) => score(boxes(faces), truth));
    const missed = other.found.filter((found, i) => found && !mine.found[i]).length;
    const count = (found) => found.filter(Boolean).length;
    return [
      { what: "faces found", value: `${count(mine.found)} : ${count(other.found)}`, holds: missed === 0 },
      { what: "false", value: `${mine.wrong} : ${other.wrong}`, holds: mine.wrong === 0 },
    ];
  }
  if (task === "approximate") {
    const rank = rankCorrelation(...[ours, theirs].map(drops));
    return [
      { what: "rank correlation", value: rank.toFixed(4), holds: rank >= RANK_CORRELATION },
      {
        what: "largest error of a probability",
        value: largestError(ours, theirs).toFixed(4),
        holds: true,
      },
    ];
  }
  const apart = difference(ours, theirs);
  return [
    { what: "outputs differ by", value: apart.toExponential(1), holds: apart <= TOLERANCE },
  ];
}

const CLASSES = 7;

/** Probabilities of logits, place by place. */
function probabilities(logits) {
  const rows = [];
  for (let at = 0; at < logits.length; at += CLASSES) {
    const row = logits.slice(at, at + CLASSES);
    const largest = Math.max(...row);
    const powers = row.map((logit) => Math.exp(logit - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    rows.push(powers.map((power) => power / sum));
  }
  return rows;
}

/** How little is left of the class that most places leave most probable: the map's order. */
function drops(logits) {
  const rows = probabilities(logits);
  const mean = (c) => rows.reduce((sum, row) => sum + row[c], 0);
  const means = Array.from({ length: CLASSES }, (_, c) => mean(c));
  const label = means.indexOf(Math.max(...means));
  return rows.map((row) => -row[label]);
}

function largestError(one, other) {
  const [a, b] = [one, other].map(probabilities);
  return Math.max(...a.flatMap((row, i) => row.map((value, c) => Math.abs(value - b[i][c]))));
}
