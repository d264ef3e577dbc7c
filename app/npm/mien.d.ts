/**
 * Says which expression a face resembles in the eyes of the people who labelled the training data,
 * and shows why. It does not read feelings, and must not be used to judge people: see the README.
 */

/** Where the networks run. */
export type Backend = "cpu" | "webgpu";

/**
 * An expression network: `student-ferplus` learned the votes of FER+ and tells eight classes apart,
 * `student-fer2013` learned FER2013's labels and knows no contempt.
 */
export type Model = "student-ferplus" | "student-fer2013";

/** A class of expressions. */
export type Expression =
  | "angry"
  | "disgust"
  | "fear"
  | "happy"
  | "sad"
  | "surprise"
  | "neutral"
  | "contempt";

/**
 * Whatever `createImageBitmap` takes a picture from; it is left as it is. A `Blob` holds an image
 * file. Of a video the present frame is taken, at the moment of the call. Pictures of more than 16
 * million pixels are scaled down before they are read; places are in pixels of the picture all the
 * same.
 */
export type Source =
  | ImageBitmap
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame
  | ImageData
  | Blob;

/** An upright rectangle in pixels of the picture, x to the right and y down. */
export interface Rect {
  /** The left edge. */
  x: number;
  /** The upper edge. */
  y: number;
  /** Above 0. */
  width: number;
  /** Above 0. */
  height: number;
}

/** A place in pixels of the picture: to the right, and down. */
export type Point = [x: number, y: number];

/** A face in a picture. */
export interface Face {
  /** The box around the face, as far as it lies in the picture. */
  box: Rect;
  /** The whole box, also where it reaches beyond the picture. */
  extent: Rect;
  /**
   * The eye on the left of an upright picture (the person's right one), the other eye, the tip of
   * the nose, the corner of the mouth on the left, the other corner.
   */
  landmarks: [Point, Point, Point, Point, Point];
  /** How sure the detector is, 0 to 1. */
  score: number;
}

/** What the expression of a face resembles. */
export interface Reading {
  /** The face that was read. */
  face: Face;
  /** The class that the expression resembles most. */
  label: Expression;
  /** Its probability, 0 to 1. */
  confidence: number;
  /** Whether that is too improbable to be relied on, as the model's card says. */
  uncertain: boolean;
  /** Of each of the model's classes, 0 to 1; they sum to 1. */
  probabilities: Partial<Record<Expression, number>>;
}

/** How thoroughly a picture is searched. */
export interface DetectOptions {
  /**
   * `photo`: small faces count, down to about a seventieth of the longer side. `frame`: speed counts,
   * a quarter of the time or less; down to about a twentieth. By default `photo`.
   */
  kind?: "photo" | "frame";
}

/** Which value of a class is explained: its probability, its logit, or whether it is the label. */
export type Score = "probability" | "logit" | "label";

/** What covers a part of a face. */
export type Fill = "zero" | "mean" | "gray" | "blur" | "neighbours";

/** A method with its settings; those that are left out are as usual. */
export type MethodOptions =
  | {
      /** A square covers one place after the other: Zeiler & Fergus, ECCV 2014. The default. */
      method?: "occlusion";
      /** Side of the square in pixels of the map, 1 to 48; usually 8. */
      patch?: number;
      /** Step of the square in pixels, 1 to `patch`; usually 3. */
      stride?: number;
      /** What covers; usually `mean`. */
      fill?: Fill;
    }
  | {
      /** Random masks: Petsiuk et al., BMVC 2018. */
      method: "rise";
      /** Number of masks, 50 to 4000; usually 600. */
      masks?: number;
      /** Cells along a side of a mask, 2 to 16; usually 7. */
      cells?: number;
      /** What covers; usually `mean`. */
      fill?: Exclude<Fill, "neighbours">;
    }
  | {
      /** Shapley values of the parts of the face: Lundberg & Lee, NIPS 2017. */
      method: "shapley";
      /** What covers; usually `mean`. */
      fill?: Fill;
    }
  | {
      /** The last maps, weighted by their gradient: Selvaraju et al., ICCV 2017. */
      method: "grad-cam";
    }
  | {
      /** The gradient times the input: Shrikumar et al., ICML 2017. */
      method: "gradient-input";
      /** What the input is measured from; usually `mean`. */
      fill?: Exclude<Fill, "neighbours">;
    }
  | {
      /** The gradient along the way from a covered face: Sundararajan et al., ICML 2017. */
      method: "integrated-gradients";
      /** Steps of the integral, 8 to 512; usually 48. */
      steps?: number;
      /** What covers at the start; usually `mean`. */
      fill?: Exclude<Fill, "neighbours">;
    };

/** What is explained, and how. */
export type ExplainOptions = MethodOptions & {
  /** Why this class; by default the most probable one. */
  class?: Expression;
  /** And why not this one instead: the difference of both is explained. */
  against?: Expression;
  /**
   * Which value of the class. By default the probability with `occlusion`, `rise` and `shapley`, and
   * the logit with the other methods, which cannot explain the label.
   */
  score?: Score;
};

/** What each pixel of an upright face does to the value of a class. */
export interface Explanation {
  /** Columns of the map, 48. */
  columns: number;
  /** Rows of the map, 48. */
  rows: number;
  /**
   * `[rows][columns]`, row after row. Positive: what is there speaks for the class. Negative: it
   * speaks against it. `meaning` names the unit.
   */
  values: Float32Array;
  /** The same in colours: yellow speaks for the class, blue against it, gray does neither. */
  image: ImageData;
  /**
   * From pixels of the map to pixels of the picture; `context.setTransform(...transform)` lays the
   * map over the face.
   */
  transform: [a: number, b: number, c: number, d: number, e: number, f: number];
  /** The class that is explained. */
  class: Expression;
  /** The one that it is set against. */
  against: Expression | null;
  /** Which value of it. */
  score: Score;
  /** That value for the face as it is; with `against`, the difference of both. */
  value: number;
  /** How the map was made. */
  method: NonNullable<MethodOptions["method"]>;
  /**
   * `drop`: how much the value falls where a square covers the pixel. `gain`: how much higher it is
   * where the pixel is left. `contribution`: the pixel's part of the difference that covering
   * everything makes. `relevance`: comparable within the map only.
   */
  meaning: "drop" | "gain" | "contribution" | "relevance";
}

/** What {@link createMien} may be told. */
export interface MienOptions {
  /**
   * Where the networks shall run. By default a timed warm-up chooses the faster one. Where WebGPU is
   * asked for and not to be had, the CPU does the work: `mien.backend` says so.
   */
  backend?: Backend;
  /** The expression network, by default `student-ferplus`. */
  model?: Model;
  /** The URL of the folder with the `.mien` files, by default `models/` beside this module. */
  models?: string | URL;
  /** Told how many bytes of the models have come, and how many will have in the end. */
  onProgress?: (loaded: number, total: number) => void;
}

/**
 * The engine with its networks. Calls are answered one after the other. A call rejects with a
 * {@link MienError}, whose code says what can be done.
 */
export interface Mien {
  /** Where the networks run. It changes to `cpu` when the GPU fails. */
  readonly backend: Backend;
  /** The classes that the model tells apart, in the order of its outputs. */
  readonly labels: Expression[];
  /** Finds faces, the largest first. None is no error. */
  detect(source: Source, options?: DetectOptions): Promise<Face[]>;
  /** Reads faces, in their order; without any, those that `detect` finds in the picture. */
  classify(source: Source, faces?: Face[]): Promise<Reading[]>;
  /** Explains how one face of the picture is read. */
  explain(source: Source, face: Face, options?: ExplainOptions): Promise<Explanation>;
  /** Gives the memory of the networks back after the calls so far; later ones reject with `freed`. */
  free(): void;
}

/** Loads the networks and starts the engine, on the page's own thread or in a module worker. */
export function createMien(options?: MienOptions): Promise<Mien>;

/**
 * One for each remedy:
 *
 * | code | what happened | what to do |
 * | --- | --- | --- |
 * | `argument` | what was passed cannot be used; the message names it | pass something else |
 * | `unreadable` | the source has no picture that the browser can read | wait until it has loaded, or choose another |
 * | `cross-origin` | the picture's host does not let its pixels be read | load it with CORS (`crossorigin`) |
 * | `too-large` | there is not enough memory for the picture | choose a smaller one |
 * | `fetch` | a file of the package could not be loaded | check the connection, and where the files are |
 * | `changed` | a model file is not the one of this version | serve the package's own `models/` |
 * | `model` | a model file cannot be read | serve the package's own `models/` |
 * | `freed` | `free()` was called before | create another engine |
 * | `engine` | the engine failed, a fault of ours | try again, and report it |
 * | `crashed` | the engine stopped, a fault of ours | load the page or worker anew, and report it |
 */
export type MienErrorCode =
  | "argument"
  | "unreadable"
  | "cross-origin"
  | "too-large"
  | "fetch"
  | "changed"
  | "model"
  | "freed"
  | "engine"
  | "crashed";

/** Why a call was not answered. */
export class MienError extends Error {
  private constructor();
  readonly name: "MienError";
  /** What can be done. */
  readonly code: MienErrorCode;
}
