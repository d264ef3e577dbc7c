// A photo with several faces, put together from the pictures that the repository has: the same
// astronaut in four sizes, twice mirrored, once in the dark, and a cat twice.

export const SIZE = [1920, 1280];
/** The face in astronaut.png, which is 512 pixels wide and high. */
const FACE = [179, 59, 90, 117];
const SOURCE = 512;

/** Left, top and side of each copy. */
const ASTRONAUTS = [
  { x: 0, y: 0, side: 900 },
  { x: 900, y: 0, side: 600, mirrored: true },
  { x: 1500, y: 0, side: 420 },
  { x: 1500, y: 420, side: 420, mirrored: true, filter: "brightness(0.7)" },
];
const CATS = [
  [900, 600, 600, 400],
  [0, 900, 570, 380],
];

/** Where the faces are: `[x, y, width, height]`. */
export const FACES = ASTRONAUTS.map(({ x, y, side, mirrored }) => {
  const scale = side / SOURCE;
  const [left, top, width, height] = FACE.map((value) => value * scale);
  return [x + (mirrored ? side - left - width : left), y + top, width, height];
});

const picture = async (name) => createImageBitmap(await (await fetch(`/photos/${name}`)).blob());

/** The photo as the bytes of a JPEG file. */
export async function makeScene() {
  const [astronaut, cat] = await Promise.all(["astronaut.png", "chelsea.png"].map(picture));
  const canvas = new OffscreenCanvas(...SIZE);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#8d8578";
  context.fillRect(0, 0, ...SIZE);
  for (const [x, y, width, height] of CATS) context.drawImage(cat, x, y, width, height);
  for (const { x, y, side, mirrored, filter } of ASTRONAUTS) {
    context.save();
    context.filter = filter ?? "none";
    context.translate(mirrored ? x + side : x, y);
    context.scale(mirrored ? -1 : 1, 1);
    context.drawImage(astronaut, 0, 0, side, side);
    context.restore();
  }
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  return [...new Uint8Array(await blob.arrayBuffer())];
}
