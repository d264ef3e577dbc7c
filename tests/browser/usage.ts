// Every call of the npm package, as its types have it; checked by npm.test.js, never run.

import {
  createMien,
  MienError,
  type Explanation,
  type Face,
  type MienErrorCode,
  type Reading,
} from "../../dist-npm/mien.js";

export async function use(
  bitmap: ImageBitmap,
  video: HTMLVideoElement,
  frame: VideoFrame,
  canvas: OffscreenCanvas,
  file: Blob,
): Promise<void> {
  const mien = await createMien({
    backend: "webgpu",
    model: "student-fer2013",
    models: new URL("https://example.org/models/"),
    onProgress: (loaded, total) => console.log(loaded / total),
  });
  const faces: Face[] = await mien.detect(video, { kind: "frame" });
  const [reading]: (Reading | undefined)[] = await mien.classify(bitmap, faces);
  await Promise.all([mien.classify(frame), mien.classify(canvas), mien.classify(file)]);
  if (!reading) return;
  const share: number = reading.probabilities[reading.label] ?? 0;
  const map: Explanation = await mien.explain(bitmap, reading.face, {
    class: "happy",
    against: "neutral",
    patch: 6,
    stride: 2,
    fill: "neighbours",
  });
  await mien.explain(bitmap, reading.face, { method: "rise", masks: 100, cells: 5, score: "logit" });
  const context = canvas.getContext("2d");
  context?.setTransform(...map.transform);
  context?.putImageData(map.image, 0, 0);
  console.log(share, map.values.length, mien.backend, mien.labels);
  mien.free();

  // @ts-expect-error: there is no such backend.
  await createMien({ backend: "tpu" });
  // @ts-expect-error: text is no picture.
  await mien.detect("photo.jpg");
  // @ts-expect-error: a face is needed.
  await mien.explain(bitmap);
  // @ts-expect-error: occlusion has no masks.
  await mien.explain(bitmap, reading.face, { method: "occlusion", masks: 100 });
  // @ts-expect-error: where the whole crop is covered, there are no neighbours.
  await mien.explain(bitmap, reading.face, { method: "rise", fill: "neighbours" });
  // @ts-expect-error: the backend is chosen at the start.
  mien.backend = "cpu";
}

export const codeOf = (error: unknown): MienErrorCode | undefined =>
  error instanceof MienError ? error.code : undefined;
