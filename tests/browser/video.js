// Videos made by the tests themselves: MJPEG for the fake camera, WebM as a file.

import { readFile, writeFile } from "node:fs/promises";
import { openBrowser, photo } from "./support.js";

/** Chromium plays a fake camera's file at this rate, over and over. */
const RATE = 30;
/** How long two faces take to cross and come back. */
export const SECONDS = 20;
export const SIZE = { width: 640, height: 480 };
/** Half the side of a face's tile, and how far apart two of them pass each other, in pixels. */
const TILE = { reach: 80, apart: 110 };

/**
 * What a frame shows, by the name of the video. `frames` is the number of them; `faces` gives the
 * middles of the faces, the hindmost first.
 */
const SCENES = {
  face: { frames: 30, faces: () => [[320, 240]] },
  // A cat instead.
  "no-face": { frames: 30, faces: () => [] },
  // One goes right while the other, lower and behind it, goes left; and back.
  crossing: {
    frames: SECONDS * RATE,
    faces: (share) => {
      const way = 200 * Math.cos(2 * Math.PI * share);
      return [[320 + way, 240 + TILE.apart / 2], [320 - way, 240 - TILE.apart / 2]];
    },
  },
};

/** Runs in the browser: draws a scene's frames, and hands each to `take`. */
async function pictures(page) {
  const url = async (name) =>
    `data:image/png;base64,${await readFile(photo(name), "base64")}`;
  await page.evaluate(
    async ({ face, cat, size, reach }) => {
      const load = async (source) => {
        const picture = new Image();
        picture.src = source;
        await picture.decode();
        return picture;
      };
      const [person, animal] = await Promise.all([load(face), load(cat)]);
      const canvas = document.createElement("canvas");
      Object.assign(canvas, size);
      const context = canvas.getContext("2d");
      window.canvas = canvas;
      window.draw = (faces) => {
        context.fillStyle = "#777";
        context.fillRect(0, 0, size.width, size.height);
        if (faces.length === 0) context.drawImage(animal, 0, 0, size.width, size.height);
        for (const [x, y] of faces) {
          context.drawImage(person, 144, 38, 160, 160, x - reach, y - reach, 2 * reach, 2 * reach);
        }
      };
    },
    { face: await url("astronaut.png"), cat: await url("chelsea.png"), size: SIZE, reach: TILE.reach },
  );
}

/** Writes an MJPEG file for `--use-file-for-fake-video-capture`: JPEGs, one after the other. */
export async function writeMjpeg(scene, path) {
  const browser = await openBrowser({ webgpu: false });
  const page = await browser.context.newPage();
  await pictures(page);
  const { frames, faces } = SCENES[scene];
  const places = Array.from({ length: frames }, (_, frame) => faces(frame / frames));
  const jpegs = await page.evaluate(
    (places) =>
      places.map((faces) => {
        window.draw(faces);
        return window.canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
      }),
    places,
  );
  await browser.close();
  await writeFile(path, Buffer.concat(jpegs.map((jpeg) => Buffer.from(jpeg, "base64"))));
}

/** A WebM file of some seconds, half as wide: a face that goes slowly to the right. */
export async function makeWebm(seconds) {
  const browser = await openBrowser({ webgpu: false });
  const page = await browser.context.newPage();
  await pictures(page);
  const bytes = await page.evaluate(async (seconds) => {
    // The encoder leaves out what a busy machine cannot encode in time; small frames it can.
    const small = document.createElement("canvas");
    small.width = window.canvas.width / 2;
    small.height = window.canvas.height / 2;
    document.body.append(small);
    const context = small.getContext("2d");
    const recorder = new MediaRecorder(small.captureStream(15), {
      mimeType: "video/webm;codecs=vp8",
    });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    const start = performance.now();
    for (let now = start; now < start + 1000 * seconds; now = performance.now()) {
      window.draw([[200 + (now - start) / 20, 240]]);
      context.drawImage(window.canvas, 0, 0, small.width, small.height);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    recorder.stop();
    await stopped;
    return Array.from(new Uint8Array(await new Blob(parts).arrayBuffer()));
  }, seconds);
  await browser.close();
  return Buffer.from(bytes);
}
