/** What the complaint about a step names. */
export interface CheckedStep {
  readonly step: number;
  /** File names of the batch. */
  readonly images: readonly string[];
  readonly learningRate: number;
  /** train.clip_norm; null where gradients are not clipped by their norm. */
  readonly clipNorm: number | null;
  /** The last checkpoint before the step, null where there is none yet. */
  readonly checkpoint: { readonly path: string; readonly step: number } | null;
}

const EXPONENT = 0x7f800000;
const FRACTION = 0x007fffff;
/** Values that are no loss by a name of their own. */
const TITLES: Readonly<Record<string, string>> = { loss: 'the sum of the losses', gradientNorm: "the gradients' norm" };
/** More than these are counted, not named. */
const NAMED_IMAGES = 8;
/** What clip_norm is for most detectors that clip. */
const USUAL_CLIP_NORM = 35;

/**
 * Whether the values of a step are numbers. They are told by their bits: a comparison says nothing of a NaN, and compilers of shaders
 * may take it that there is none.
 * @param names of the values, in their order: losses (src/models/mask_rcnn_training.ts), "loss" for their sum, "gradientNorm"
 * @returns null, or the sentence to stop the run with
 */
export function lossComplaint(names: readonly string[], values: Float32Array, checked: CheckedStep): string | null {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bad = names.flatMap((name, i) =>
    (bits[i] & EXPONENT) === EXPONENT ? [{ name, kind: (bits[i] & FRACTION) === 0 ? 'infinite' : 'NaN' }] : [],
  );
  if (bad.length === 0) {
    return null;
  }
  // the sum follows from its parts, and says nothing more
  const parts = bad.filter(({ name }) => name !== 'loss');
  const found = (parts.length > 0 ? parts : bad).map(
    ({ name, kind }) => `${TITLES[name] ?? `the ${name} loss`} is ${kind}`,
  );
  return `step ${checked.step} (${imagesText(checked.images)}): ${joined(found)}: ${wayOut(checked)}; ${checkpointText(checked)}`;
}

function imagesText(images: readonly string[]): string {
  const named = images.slice(0, NAMED_IMAGES).join(', ');
  const more = images.length - NAMED_IMAGES;
  return `${images.length === 1 ? 'image' : 'images'} ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

function wayOut({ learningRate, clipNorm }: CheckedStep): string {
  const clip =
    clipNorm === null
      ? `clip gradients with train.clip_norm (e.g. ${USUAL_CLIP_NORM})`
      : `lower train.clip_norm (now ${clipNorm})`;
  return `lower optimizer.learning_rate (now ${Number(learningRate.toPrecision(4))}) or ${clip}`;
}

function checkpointText({ checkpoint }: CheckedStep): string {
  return checkpoint === null
    ? 'there is no checkpoint yet'
    : `the last checkpoint, of step ${checkpoint.step}, is ${checkpoint.path}`;
}

function joined(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts[texts.length - 1]}`;
}
