/** What the page of `engine particles` holds as data; the page's script reads it. */
export interface ParticlesData {
  readonly measures: readonly MeasureData[];
  readonly sets: readonly SetData[];
}

export interface MeasureData {
  /** As in particles.csv, without the unit. */
  readonly name: string;
  readonly title: string;
  /** As people write it: "µm²"; "" where there is none. */
  readonly unit: string;
}

/** One set, particles as columns of numbers. */
export interface SetData {
  readonly name: string;
  readonly hasScores: boolean;
  readonly classes: readonly string[];
  readonly images: readonly ImageData[];
  /** Of each particle: index of its image, number within it, index of its class, score, 1 at the border and else 0. */
  readonly image: readonly number[];
  readonly number: readonly number[];
  readonly class: readonly number[];
  readonly score: readonly number[];
  readonly border: readonly number[];
  /** By measure, then by particle. */
  readonly values: readonly (readonly number[])[];
}

export interface ImageData {
  readonly name: string;
  /** Pixels of the original. */
  readonly width: number;
  readonly height: number;
  /** Whether the page has its outlines: a `PictureData` under `pictureId`. */
  readonly isShown: boolean;
}

/** Outlines of the particles of one image, in the order of the set, and the picture below them. */
export interface PictureData {
  /** JPEG as a data URI; absent: a plain background. */
  readonly uri?: string;
  /** By particle its rings, packed: see `packRing`. */
  readonly outlines: readonly (readonly (readonly number[])[])[];
}

export function pictureId(set: number, image: number): string {
  return `picture-${set}-${image}`;
}

/** x0, y0, x1, y1, … as x0, y0 and then the steps from point to point: few digits for whole numbers. */
export function packRing(ring: readonly number[]): number[] {
  return ring.map((value, i) => (i < 2 ? value : value - ring[i - 2]));
}

export function unpackRing(packed: readonly number[]): number[] {
  const ring: number[] = [];
  packed.forEach((value, i) => {
    ring.push(i < 2 ? value : value + ring[i - 2]);
  });
  return ring;
}
