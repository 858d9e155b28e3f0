/**
 * Inverse affine transform: a destination point (x, y) comes from the source point (a x + b y + c, d x + e y + f); both in
 * pixels, the centre of the first pixel at (0.5, 0.5).
 */
export type Affine = readonly [number, number, number, number, number, number];

/** How an image is changed in shape: it is flipped, then `matrix` says where each pixel of the result comes from. */
export interface Geometry {
  /** Of the source image, in pixels: up to 16,384. */
  readonly sourceHeight: number;
  readonly sourceWidth: number;
  /** Of the result, in pixels, without padding. */
  readonly height: number;
  readonly width: number;
  /** Mirrored left to right, and top to bottom, before `matrix`: without rounding, as an image file that is stored so. */
  readonly flipX: boolean;
  readonly flipY: boolean;
  readonly matrix: Affine;
  /**
   * The matrix only resizes. Masks then take the source pixel at floor(pixel * scale), as torchvision's interpolate with
   * mode nearest does, rather than the one below the pixel's centre, and boxes are the scaled boxes of the source.
   */
  readonly plain: boolean;
  /** What lies outside the source: its nearest edge, or a colour (0 to 255 each). */
  readonly border: 'edge' | readonly [number, number, number];
  /** Objects with fewer pixels in the result are left out; at least 1. */
  readonly minPixels: number;
}

export const GEOMETRY_WORDS = 13;
const [FLIP_X, FLIP_Y, EDGE, PLAIN] = [1, 2, 4, 8];

/** The form in which ops take it: u32 [GEOMETRY_WORDS]; shaders/augment/geometry.wgsl reads it. */
export function packGeometry(geometry: Geometry): Uint32Array<ArrayBuffer> {
  const { sourceHeight, sourceWidth, height, width, flipX, flipY, matrix, plain, border, minPixels } = geometry;
  const flags = (flipX ? FLIP_X : 0) | (flipY ? FLIP_Y : 0) | (border === 'edge' ? EDGE : 0) | (plain ? PLAIN : 0);
  const colour = border === 'edge' ? 0 : border[0] | (border[1] << 8) | (border[2] << 16);
  const words = Uint32Array.of(sourceHeight, sourceWidth, height, width, flags, colour, 0, 0, 0, 0, 0, 0, minPixels);
  words.set(new Uint32Array(Float32Array.from(matrix).buffer), 6);
  return words;
}

/** The geometry of a resize alone, with flips: what `preprocessImage` does, and torchvision's transform of the targets. */
export function plainGeometry(
  source: { readonly height: number; readonly width: number },
  resized: { readonly height: number; readonly width: number },
  flips: { readonly x: boolean; readonly y: boolean } = { x: false, y: false },
): Geometry {
  return {
    sourceHeight: source.height,
    sourceWidth: source.width,
    height: resized.height,
    width: resized.width,
    flipX: flips.x,
    flipY: flips.y,
    matrix: [source.width / resized.width, 0, 0, 0, source.height / resized.height, 0],
    plain: true,
    border: 'edge',
    minPixels: 1,
  };
}
