// What every contestant is given: the same numbers in the layout that each one wants.

/** Side of the picture that the expression network sees. */
export const SIDE = 48;
/** Side of the picture that the detector is timed with. */
export const DETECT_SIDE = 320;
/** The page's default occlusion: a square of 8 x 8 pixels in steps of 3. */
const PATCH = 8;
const STRIDE = 3;
/** The square around the face in astronaut.png. */
const FACE = [165, 55, 120, 120];

/** The pixels of a picture, or of a part of it, drawn to a size. */
async function draw(url, width, height, part) {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, ...(part ?? [0, 0, bitmap.width, bitmap.height]), 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** Luma of the face in a photo, 0 to 255. */
export async function faceCrop(url) {
  const rgba = await draw(url, SIDE, SIDE, FACE);
  const luma = (i) => 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => luma(i));
}

/** Rows and columns under each place of the square. */
function squares() {
  const starts = [];
  for (let at = 0; at < SIDE - PATCH; at += STRIDE) starts.push(at);
  starts.push(SIDE - PATCH);
  return starts.flatMap((y) => starts.map((x) => [y, y + PATCH, x, x + PATCH]));
}

/** All inputs, normalised as the networks want it; pixels before channels. */
export async function makeInputs({ student, detector }) {
  const normalise = (value) => value * student.scale + student.offset;
  const crop = await faceCrop("/photos/astronaut.png");
  const face = crop.map(normalise);
  // Faces that differ: brighter and darker.
  const batch = new Float32Array(64 * face.length);
  for (let i = 0; i < 64; i++) {
    batch.set(crop.map((value) => normalise(value * (0.5 + i / 126))), i * face.length);
  }
  const places = squares();
  const fill = normalise(crop.reduce((sum, value) => sum + value, 0) / crop.length);
  const copies = new Float32Array(places.length * face.length);
  places.forEach(([top, bottom, left, right], i) => {
    const copy = face.slice();
    for (let y = top; y < bottom; y++) copy.fill(fill, y * SIDE + left, y * SIDE + right);
    copies.set(copy, i * face.length);
  });
  const rgba = await draw("/photo.jpg", DETECT_SIDE, DETECT_SIDE);
  const photo = new Float32Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgba.length / 4; i++) {
    for (let c = 0; c < 3; c++) {
      photo[3 * i + c] = rgba[4 * i + c] * detector.scale + detector.offset;
    }
  }
  return { face, batch, places, fill, copies, photo };
}

/** From `[pixels, channels]` to `[channels, pixels]`. */
export function channelsFirst(data, channels) {
  const pixels = data.length / channels;
  const result = new Float32Array(data.length);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) result[c * pixels + i] = data[i * channels + c];
  }
  return result;
}

/** From `[channels, pixels]` to `[pixels, channels]`. */
export function channelsLast(data, channels) {
  const pixels = data.length / channels;
  const result = new Float32Array(data.length);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) result[i * channels + c] = data[c * pixels + i];
  }
  return result;
}

/** The photo, decoded. */
export async function decodedPhoto() {
  return createImageBitmap(await (await fetch("/photo.jpg")).blob());
}
