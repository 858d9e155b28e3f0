import { RandomStream } from '../synth/random';

export interface OrderSettings {
  /**
   * 'shuffle': every image once an epoch, each epoch in an order of its own; 'sequence': every image once an epoch, in the
   * order of the file; 'replacement': every place of a batch holds each image with the same probability.
   */
  readonly order: 'shuffle' | 'sequence' | 'replacement';
  /** Images of a step. */
  readonly batchSize: number;
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Whether the images of a batch are of like aspect ratio; does not apply to 'sequence'. */
  readonly groupByAspectRatio: boolean;
}

/** What one step learns from. */
export interface StepImages {
  /** From 0. */
  readonly epoch: number;
  /** Indices into the dataset's images: `batchSize`, or fewer in the last step of an epoch that does not come out even. */
  readonly images: readonly number[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Sets these numbers apart from those that other code draws with the same seed. */
const PURPOSE = { shuffle: 0x0f_de01, replacement: 0x0f_de02 };

/**
 * Which images each step learns from: a pure function of the settings and the step, so that a run resumes anywhere.
 *
 * An epoch has `stepsPerEpoch` steps, the images over the batch size rounded up. With 'shuffle' and 'sequence' each image
 * comes exactly once an epoch; the last batch is smaller where the images do not come out even.
 *
 * Groups of aspect ratio are those of torchvision's references/detection (3 to an octave). With 'shuffle' a batch is
 * dealt out once its group has enough images, as there (GroupedBatchSampler); what is left of the groups makes the last
 * batches of the epoch, mixed where it must be, so that no image is dropped or taken twice. With 'replacement' the first
 * image of a batch chooses the group: each place still holds each image with the same probability.
 */
export class ImageOrder {
  readonly stepsPerEpoch: number;
  private readonly groups: readonly (readonly number[])[];
  private readonly groupOf: readonly number[];
  private latest: { epoch: number; batches: readonly (readonly number[])[] } | null = null;

  /** @param sizes of the dataset's images, in its order, in pixels */
  constructor(
    sizes: readonly Size[],
    readonly settings: OrderSettings,
  ) {
    const { batchSize, groupByAspectRatio } = settings;
    if (sizes.length === 0 || !(Number.isInteger(batchSize) && batchSize >= 1)) {
      throw new RangeError(`ImageOrder: ${sizes.length} images in batches of ${batchSize}`);
    }
    this.stepsPerEpoch = Math.ceil(sizes.length / batchSize);
    this.groupOf = sizes.map((size) => (groupByAspectRatio ? aspectGroup(size) : 0));
    this.groups = indicesByGroup(this.groupOf);
  }

  /** @param step from 0: the step that follows after `step` steps are done */
  imagesOfStep(step: number): StepImages {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (this.settings.order === 'replacement') {
      return { epoch, images: this.drawn(step) };
    }
    if (this.latest?.epoch !== epoch) {
      this.latest = { epoch, batches: this.batchesOfEpoch(epoch) };
    }
    return { epoch, images: this.latest.batches[step - epoch * this.stepsPerEpoch] };
  }

  private drawn(step: number): number[] {
    const { seed, batchSize } = this.settings;
    const random = new RandomStream({ seed, scene: step, item: 0 }, PURPOSE.replacement);
    const first = random.whole(0, this.groupOf.length - 1);
    const group = this.groups[this.groupOf[first]];
    return [first, ...Array.from({ length: batchSize - 1 }, () => group[random.whole(0, group.length - 1)])];
  }

  private batchesOfEpoch(epoch: number): number[][] {
    const { seed, batchSize, order } = this.settings;
    const inFileOrder = this.groupOf.map((_, image) => image);
    if (order === 'sequence') {
      return inBatches(inFileOrder, batchSize);
    }
    const images = new RandomStream({ seed, scene: epoch, item: 0 }, PURPOSE.shuffle).shuffled(inFileOrder);
    const batches: number[][] = [];
    const waiting = this.groups.map((): number[] => []);
    for (const image of images) {
      const group = waiting[this.groupOf[image]];
      group.push(image);
      if (group.length === batchSize) {
        batches.push(group.splice(0));
      }
    }
    return [...batches, ...inBatches(waiting.flat(), batchSize)];
  }
}

/** Bounds of the groups, width over height: two to the power of so many thirds. */
const BOUNDS_IN_THIRDS = [-3, -2, -1, 0, 1, 2, 3];

/**
 * Number of the bounds 2^(-3/3), 2^(-2/3), …, 2^(3/3) that width / height reaches: torchvision's groups with
 * `--aspect-ratio-group-factor 3`.
 */
function aspectGroup({ width, height }: Size): number {
  // cubes of sides are exact, so that no image changes its group from one machine to another
  const reached = (third: number) => width ** 3 >= 2 ** third * height ** 3;
  return BOUNDS_IN_THIRDS.filter(reached).length;
}

function indicesByGroup(groupOf: readonly number[]): number[][] {
  const groups = Array.from({ length: BOUNDS_IN_THIRDS.length + 1 }, (): number[] => []);
  groupOf.forEach((group, image) => groups[group].push(image));
  return groups;
}

function inBatches(images: readonly number[], size: number): number[][] {
  const count = Math.ceil(images.length / size);
  return Array.from({ length: count }, (_, i) => images.slice(i * size, (i + 1) * size));
}
