// The engine as an npm package, as another page would use it: no build step, no bundler.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openBrowser, openPage, photo, root, serveSite } from "./support.js";

const METHODS = {
  occlusion: "drop",
  rise: "gain",
  shapley: "contribution",
  "grad-cam": "relevance",
  "gradient-input": "relevance",
  "integrated-gradients": "contribution",
};
const folder = "dist-npm";

let site;
let browser;

before(async () => {
  site = await serveSite({ folder });
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** Opens the example, whose own engine the tests leave alone, and hands it the package and a photo. */
async function openExample({ at = site, backend = "cpu" } = {}) {
  const opened = await openPage(browser, at, `example.html?backend=${backend}`);
  const url = `data:image/png;base64,${await readFile(photo("astronaut.png"), "base64")}`;
  await opened.page.evaluate(async (url) => {
    Object.assign(globalThis, await import(new URL("mien.js", location.href)));
    globalThis.photo = await (await fetch(url)).blob();
    /** What an error says to programs. */
    globalThis.codeOf = async (promise) => {
      try {
        await promise;
        return "none";
      } catch (error) {
        const isOurs = error instanceof MienError && error instanceof Error && error.message !== "";
        return isOurs ? error.code : String(error);
      }
    };
  }, url);
  return opened;
}

/** What is tried on each backend: a GPU that is a program takes minutes for what the CPU does at once. */
const MODELS = { cpu: ["student-ferplus", "student-fer2013"], webgpu: ["student-ferplus"] };

for (const [backend, models] of Object.entries(MODELS)) {
  describe(`on ${backend}`, () => {
    test("the example says what a face resembles, and shows why", async () => {
      const { page, faults } = await openPage(browser, site, `example.html?backend=${backend}`);
      const status = page.getByRole("status");
      await status.filter({ hasText: `Ready on ${backend}` }).waitFor();
      await page.getByLabel("Photo").setInputFiles(photo("astronaut.png"));
      await status.filter({ hasText: /^resembles happy \(\d+ %\)$/ }).waitFor();
      assert.deepEqual(faults, []);
      const changed = await page.locator("canvas").evaluate(async (canvas) => {
        const photo = await createImageBitmap(document.querySelector("input").files[0]);
        const plain = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        plain.drawImage(photo, 0, 0);
        const count = (...area) => {
          const [before, after] = [plain, canvas.getContext("2d")].map(
            (context) => context.getImageData(...area).data,
          );
          return before.filter((value, i) => Math.abs(value - after[i]) > 8).length;
        };
        return { face: count(190, 70, 60, 90), elsewhere: count(0, 300, 512, 200) };
      });
      assert.ok(changed.face > 5000, `only ${changed.face} values of the face have changed`);
      assert.equal(changed.elsewhere, 0);
      await page.close();
    });

    test("the command line gives the same numbers", async () => {
      const mien = process.env.MIEN ?? `${root}target/release/mien`;
      const { page, faults } = await openExample({ backend });
      for (const model of models) {
        const command = ["predict", photo("astronaut.png"), "--json", "--model", model];
        const run = await promisify(execFile)(mien, command, { cwd: root });
        const [native] = JSON.parse(run.stdout);
        const [readings, labels] = await page.evaluate(
          async ([backend, model]) => {
            const mien = await createMien({ backend, model });
            if (mien.backend !== backend) throw new Error(`it runs on ${mien.backend}`);
            const readings = await mien.classify(photo);
            mien.free();
            return [readings, mien.labels];
          },
          [backend, model],
        );
        assert.equal(readings.length, native.faces.length);
        for (const [index, { face, label, confidence, uncertain, probabilities }] of readings.entries()) {
          const other = native.faces[index];
          assert.deepEqual([label, uncertain], [other.label, other.uncertain]);
          assert.deepEqual(Object.keys(probabilities), labels);
          assert.equal(confidence, probabilities[label]);
          for (const name of labels) {
            const difference = Math.abs(probabilities[name] - other.probabilities[name]);
            assert.ok(difference < 1e-3, `${name} differs by ${difference}`);
          }
          const distances = [
            ...Object.keys(other.box).map((side) => face.box[side] - other.box[side]),
            ...other.landmarks.flat().map((place, i) => face.landmarks.flat()[i] - place),
          ];
          for (const distance of distances) assert.ok(Math.abs(distance) < 0.1, `${distance} pixels`);
        }
      }
      assert.deepEqual(faults, []);
      await page.close();
    });
  });
}

test("a face is explained by each method", async () => {
  const { page, faults } = await openExample();
  const [reading, maps] = await page.evaluate(
    async (methods) => {
      const mien = await createMien({ backend: "cpu" });
      const [reading] = await mien.classify(photo);
      const plain = ({ values, image, ...map }) => ({
        ...map,
        values: [...values],
        pixels: [image.width, image.height, new Set(image.data).size],
      });
      const maps = await Promise.all(
        methods.map((method) => mien.explain(photo, reading.face, { method, score: "logit" })),
      );
      return [reading, maps.map(plain)];
    },
    Object.keys(METHODS),
  );
  for (const [index, [method, meaning]] of Object.entries(METHODS).entries()) {
    const map = maps[index];
    assert.deepEqual([map.method, map.meaning], [method, meaning]);
    assert.deepEqual([map.class, map.against, map.score], [reading.label, null, "logit"]);
    assert.deepEqual([map.columns, map.rows, map.values.length], [48, 48, 48 * 48]);
    assert.ok(Math.max(...map.values) > 0 && map.values.every(Number.isFinite), method);
    const [width, height, colours] = map.pixels;
    assert.ok(width === 48 && height === 48 && colours > 8, method);
  }
  // The middle of the map lies on the face.
  const { x, y, width, height } = reading.face.box;
  const [a, b, c, d, e, f] = maps[0].transform;
  const middle = [24 * a + 24 * c + e, 24 * b + 24 * d + f];
  assert.ok(Math.abs(middle[0] - x - width / 2) < 5, `${middle}`);
  assert.ok(Math.abs(middle[1] - y - height / 2) < 5, `${middle}`);
  assert.deepEqual(faults, []);
  await page.close();
});

test("pictures come from anywhere, and stay as they are", async () => {
  const { page, faults } = await openExample();
  const found = await page.evaluate(async () => {
    const mien = await createMien({ backend: "cpu" });
    const bitmap = await createImageBitmap(photo);
    const { width, height } = bitmap;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const offscreen = new OffscreenCanvas(width, height);
    offscreen.getContext("2d").drawImage(bitmap, 0, 0);
    const image = new Image();
    image.src = URL.createObjectURL(photo);
    await image.decode();
    const video = Object.assign(document.createElement("video"), { muted: true });
    document.body.append(canvas, video);
    video.srcObject = canvas.captureStream(5);
    await video.play();
    const sources = {
      bitmap,
      canvas,
      offscreen,
      image,
      video,
      frame: new VideoFrame(bitmap, { timestamp: 0 }),
      data: context.getImageData(0, 0, width, height),
      blob: photo,
    };
    const found = {};
    for (const [name, source] of Object.entries(sources)) {
      const faces = await mien.detect(source);
      const again = await mien.classify(source, faces);
      found[name] = [faces, again];
    }
    // Neither closed nor handed over.
    context.drawImage(bitmap, 0, 0);
    context.drawImage(sources.frame, 0, 0);
    return found;
  });
  const [[face], [reading]] = found.blob;
  assert.equal(reading.label, "happy");
  for (const [name, [faces, again]] of Object.entries(found)) {
    assert.equal(faces.length, 1, name);
    assert.deepEqual(again[0].face, faces[0], name);
    // A video is compressed, and has other colours.
    const [pixels, share] = ["video", "frame"].includes(name) ? [2, 0.1] : [1e-3, 1e-5];
    for (const side of ["x", "y", "width", "height"]) {
      assert.ok(Math.abs(faces[0].box[side] - face.box[side]) < pixels, `${name}: ${side}`);
    }
    const difference = again[0].probabilities.happy - reading.probabilities.happy;
    assert.ok(Math.abs(difference) < share, `${name}: ${difference}`);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test("places are in pixels of the picture also where it is scaled down", async () => {
  const { page, faults } = await openExample();
  const found = await page.evaluate(async () => {
    const mien = await createMien({ backend: "cpu" });
    const small = await createImageBitmap(photo);
    // 36 million pixels.
    const large = new OffscreenCanvas(6000, 6000);
    large.getContext("2d").drawImage(small, 0, 0, 6000, 6000);
    const [face] = await mien.detect(small);
    const [reading] = await mien.classify(large);
    const [again] = await mien.classify(large, [reading.face]);
    const map = await mien.explain(large, reading.face);
    return { scale: 6000 / small.width, face, reading, again, transform: map.transform };
  });
  const { scale, face, reading, again, transform } = found;
  for (const side of ["x", "y", "width", "height"]) {
    const distance = reading.face.box[side] / scale - face.box[side];
    assert.ok(Math.abs(distance) < 6, `${side} is ${distance} pixels off`);
  }
  assert.deepEqual(again.face, reading.face);
  assert.ok(Math.abs(again.confidence - reading.confidence) < 1e-3);
  const middle = 24 * transform[0] + 24 * transform[2] + transform[4];
  assert.ok(Math.abs(middle / scale - face.box.x - face.box.width / 2) < 5, `${middle}`);
  assert.deepEqual(faults, []);
  await page.close();
});

test("a frame is taken when it is asked for, and calls are answered in order", async () => {
  const { page, faults } = await openExample();
  const [order, counts, progress] = await page.evaluate(async () => {
    const progress = [];
    const onProgress = (...bytes) => progress.push(bytes);
    const mien = await createMien({ backend: "cpu", models: "models", onProgress });
    const bitmap = await createImageBitmap(photo);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    const order = [];
    const ask = async (name) => {
      const faces = await mien.detect(canvas, { kind: "frame" });
      order.push(name);
      return faces.length;
    };
    context.drawImage(bitmap, 0, 0);
    const first = ask("face");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const second = ask("nothing");
    const counts = await Promise.all([first, second]);
    return [order, counts, progress];
  });
  assert.deepEqual(order, ["face", "nothing"]);
  assert.deepEqual(counts, [1, 0]);
  const [loaded, total] = progress.at(-1);
  assert.ok(loaded === total && total > 2e6, `${loaded} of ${total} bytes`);
  assert.deepEqual(faults, []);
  await page.close();
});

test("it works in a module worker", async () => {
  const { page, faults } = await openExample();
  const script = `
    import { createMien } from "${site.url}mien.js";
    onmessage = async ({ data }) => {
      try {
        const mien = await createMien({ backend: "cpu" });
        const [reading] = await mien.classify(data);
        const map = await mien.explain(data, reading.face, { against: "neutral" });
        postMessage([typeof document, reading.label, map.against, map.image.width]);
      } catch (error) {
        postMessage(String(error));
      }
    };`;
  const answer = await page.evaluate(async (script) => {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    worker.postMessage(await createImageBitmap(photo));
    return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
  }, script);
  assert.deepEqual(answer, ["undefined", "happy", "neutral", 48]);
  assert.deepEqual(faults, []);
  await page.close();
});

test("wrong arguments are named, and the engine goes on", async () => {
  const elsewhere = await serveSite({ folder: "public/samples" });
  const { page } = await openExample();
  const codes = await page.evaluate(async (foreign) => {
    const mien = await createMien({ backend: "cpu" });
    const [face] = await mien.detect(photo);
    const far = { ...face, box: { ...face.box, x: 1e30 } };
    const flat = { ...face, extent: { ...face.extent, width: 0 } };
    const explain = (options) => codeOf(mien.explain(photo, face, options));
    const loaded = (image) => new Promise((resolve) => (image.onload = () => resolve(image)));
    const image = new Image();
    image.src = foreign;
    await loaded(image);
    const freed = await createMien({ backend: "cpu" });
    const last = freed.detect(photo);
    freed.free();
    freed.free();
    return {
      argument: await Promise.all([
        codeOf(createMien({ backend: "tpu" })),
        codeOf(createMien({ model: "centerface" })),
        codeOf(createMien({ models: "http://[" })),
        codeOf(createMien({ onProgress: 3 })),
        codeOf(createMien({ backends: "cpu" })),
        codeOf(mien.detect()),
        codeOf(mien.detect("photo.jpg")),
        codeOf(mien.detect({})),
        codeOf(mien.detect(photo, { kind: "film" })),
        codeOf(mien.detect(photo, null)),
        codeOf(mien.classify(photo, face)),
        codeOf(mien.classify(photo, [null])),
        codeOf(mien.classify(photo, [far])),
        codeOf(mien.classify(photo, [flat])),
        codeOf(mien.classify(photo, [{ ...face, score: 10n }])),
        codeOf(mien.explain(photo)),
        codeOf(mien.explain(photo, { ...face, landmarks: [] })),
        explain({ method: "guess" }),
        explain({ class: "bored" }),
        explain({ class: "happy", against: "happy" }),
        explain({ patch: 49 }),
        explain({ patch: 4, stride: 5 }),
        explain({ patch: 2.5 }),
        explain({ masks: 100 }),
        explain({ method: "rise", fill: "neighbours" }),
        explain({ method: "grad-cam", fill: "mean" }),
        explain({ method: "grad-cam", score: "label" }),
        explain({ colour: "red" }),
      ]),
      unreadable: await Promise.all([
        codeOf(mien.detect(new Blob(["no picture"]))),
        codeOf(mien.detect(new Image())),
        codeOf(mien.detect(document.createElement("video"))),
        codeOf(mien.detect(Object.assign(document.createElement("canvas"), { width: 0 }))),
      ]),
      "cross-origin": [await codeOf(mien.classify(image))],
      freed: [await codeOf(freed.detect(photo))],
      // What was asked before is still answered, and nothing above has done harm.
      none: [await codeOf(last), await codeOf(mien.classify(photo, []))],
      label: [(await mien.classify(photo))[0].label],
    };
  }, `${elsewhere.url}camera.jpg`);
  for (const [code, found] of Object.entries(codes)) {
    const expected = code === "label" ? "happy" : code;
    assert.deepEqual(found, found.map(() => expected));
  }
  await elsewhere.close();
  await page.close();
});

test("models and programs that do not come, or are others, are named", async () => {
  const damage = (wanted) => (name, body) => {
    if (name.includes(wanted)) body[body.length - 1] ^= 1;
    return body;
  };
  for (const [code, options] of [
    ["changed", { change: damage("student-ferplus.mien") }],
    ["changed", { change: damage("centerface.mien") }],
    ["fetch", { without: "student-ferplus.mien" }],
    ["fetch", { without: "engine-relaxed_bg.wasm" }],
    ["fetch", { without: "engine-relaxed.js" }],
  ]) {
    const faulty = await serveSite({ folder, ...options });
    const { page } = await openExample({ at: faulty });
    assert.equal(await page.evaluate(() => codeOf(createMien({ backend: "cpu" }))), code);
    await page.close();
    await faulty.close();
  }
});

test("browsers without relaxed SIMD get the same from a program without it", async () => {
  const { page, faults } = await openExample();
  const classify = () =>
    page.evaluate(async () => {
      const { createMien } = await import(`./mien.js?${Math.random()}`);
      const mien = await createMien({ backend: "cpu" });
      return mien.classify(photo);
    });
  const [relaxed] = await classify();
  await page.evaluate(() => {
    WebAssembly.validate = () => false;
  });
  const [plain] = await classify();
  const wasm = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => name.split("/").pop()),
  );
  assert.ok(wasm.includes("engine_bg.wasm") && wasm.includes("engine-relaxed_bg.wasm"), wasm.join());
  for (const [label, probability] of Object.entries(relaxed.probabilities)) {
    assert.ok(Math.abs(probability - plain.probabilities[label]) < 1e-3, label);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test("a crash ends every call instead of leaving it without an answer", async () => {
  const change = (name, body) => {
    if (name !== "engine-relaxed.js") return body;
    const start = "export function onCrash(callback) {";
    assert.ok(body.includes(start));
    return body.toString().replace(start, `${start} globalThis.crash = callback;`);
  };
  const fragile = await serveSite({ folder, change });
  const { page } = await openExample({ at: fragile });
  const codes = await page.evaluate(async () => {
    const mien = await createMien({ backend: "cpu" });
    const calls = [mien.detect(photo), mien.classify(photo)].map(codeOf);
    crash("for a test");
    return Promise.all([...calls, codeOf(mien.detect(photo)), codeOf(createMien())]);
  });
  assert.deepEqual(codes, Array(4).fill("crashed"));
  await page.close();
  await fragile.close();
});

test("the first example of the README works", async () => {
  const readme = await readFile(`${root}${folder}/README.md`, "utf8");
  const [, example] = readme.match(/```js\n([\s\S]*?)```/);
  const { page, faults } = await openExample();
  await page.evaluate(async () => {
    const image = new Image();
    image.src = URL.createObjectURL(photo);
    await image.decode();
    document.body.replaceChildren(image, document.createElement("canvas"));
  });
  const said = page.waitForEvent("console");
  await page.addScriptTag({ type: "module", content: example.replace('"mien"', '"./mien.js"') });
  assert.match((await said).text(), /^resembles happy /);
  await page.waitForFunction(() => document.querySelector("canvas").width > 300);
  assert.deepEqual(faults, []);
  await page.close();
});

test("the types are those of every call", async () => {
  const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
  const usage = fileURLToPath(new URL("usage.ts", import.meta.url));
  const check = promisify(execFile)(process.execPath, [tsc, ...options, usage]);
  await check.catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
});
