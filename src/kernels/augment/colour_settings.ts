/** Changes of colour, in this order, each as Pillow 9 does it on 8-bit images and to the same bytes. */
export interface ColourChange {
  /** Factor of ImageEnhance.Brightness; 1 changes nothing. */
  readonly brightness: number;
  /** Factor of ImageEnhance.Contrast, about the mean grey value; 1 changes nothing. */
  readonly contrast: number;
  /** ImageOps.autocontrast without cutoff: each channel is stretched to 0 to 255. */
  readonly autocontrast: boolean;
  /** ImageOps.equalize: each channel gets a histogram as flat as its values allow. */
  readonly equalize: boolean;
}

export const SAME_COLOURS: ColourChange = { brightness: 1, contrast: 1, autocontrast: false, equalize: false };

const [AUTOCONTRAST, EQUALIZE] = [1, 2];
/** Where in the words of packColourChange() the parts begin: brightness by value, products by difference, rounding. */
const BRIGHTNESS = 1;
const PRODUCTS = BRIGHTNESS + 256;
const ROUNDING = PRODUCTS + 256;

let rounding: Uint32Array | undefined;

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/**
 * Pillow stretches by int(value * scale + offset) in doubles, which for some whole results lies below the whole number,
 * and then is one less. A shader has no doubles, so it is told where. For each range of values d = 1 to 255 (word d - 1):
 * the first of its bits, counted from the end of the 255 words. A range has g + 1 whole results for each lowest value,
 * where g is the greatest common divisor of d and 255; their bits follow one another by lowest value, then by result.
 */
function stretchRounding(): Uint32Array {
  const starts: number[] = [];
  const bits: boolean[] = [];
  for (let range = 1; range <= 255; range++) {
    starts.push(bits.length);
    const wholes = gcd(range, 255);
    const scale = 255 / range;
    for (let low = 0; low + range <= 255; low++) {
      const offset = -low * scale;
      for (let k = 0; k <= wholes; k++) {
        const value = low + (k * range) / wholes;
        bits.push(Math.trunc(value * scale + offset) < (k * 255) / wholes);
      }
    }
  }
  const words = new Uint32Array(255 + Math.ceil(bits.length / 32));
  words.set(starts);
  bits.forEach((bit, i) => {
    words[255 + (i >> 5)] |= Number(bit) << (i & 31);
  });
  return words;
}

/** Words of packColourChange(). */
export const COLOUR_WORDS = ROUNDING + 255 + Math.ceil(stretchBits() / 32);

function stretchBits(): number {
  let bits = 0;
  for (let range = 1; range <= 255; range++) {
    bits += (256 - range) * (gcd(range, 255) + 1);
  }
  return bits;
}

/** Pillow's Image.blend of a value with black: a product in f32, cut off. */
function brightened(value: number, factor: number): number {
  return Math.min(255, Math.max(0, Math.trunc(Math.fround(Math.fround(factor) * value))));
}

/**
 * The form in which `colourTables` takes it: u32 [COLOUR_WORDS]. Products are left to the host, since a GPU may round a product
 * and a sum together.
 */
export function packColourChange(change: ColourChange): Uint32Array<ArrayBuffer> {
  rounding ??= stretchRounding();
  const words = new Uint32Array(COLOUR_WORDS);
  const products = new Float32Array(words.buffer, PRODUCTS * 4, 256);
  words[0] = (change.autocontrast ? AUTOCONTRAST : 0) | (change.equalize ? EQUALIZE : 0);
  for (let value = 0; value < 256; value++) {
    words[BRIGHTNESS + value] = brightened(value, change.brightness);
    products[value] = Math.fround(change.contrast) * value;
  }
  words.set(rounding, ROUNDING);
  return words;
}
