import { availableParallelism } from 'node:os';
import type { TrainingDataset } from './dataset';
import type { ImageOrder } from './order';
import type { DecodedSample } from './sample';
import { SampleDecoder } from './sample_decoder';

export interface FeedOptions {
  /** Threads that decode; 0 decodes in this one, null chooses by the machine's cores. */
  readonly workers: number | null;
  /** Steps that are decoded ahead, which bounds the memory; default: 2, or as many as keep the threads busy. */
  readonly ahead?: number;
  /** First step; default 0. */
  readonly from?: number;
  /** The step before which it ends; default never. */
  readonly to?: number;
}

/** With more threads images are decoded faster than any GPU learns from them. */
const MOST_DEFAULT_WORKERS = 4;

/** The batches of one step after the other, decoded ahead: the same whatever the number of threads. */
export class SampleFeed {
  /** Seconds that `next` has waited for images so far. */
  waited = 0;
  private readonly decoder: SampleDecoder;
  private readonly ahead: number;
  private readonly batches: Promise<DecodedSample[]>[] = [];
  private end: number;
  /** The next step to decode. */
  private coming: number;

  private constructor(
    private readonly dataset: TrainingDataset,
    private readonly order: ImageOrder,
    { workers, ahead, from = 0, to = Infinity }: FeedOptions,
  ) {
    const threads = workers ?? Math.min(MOST_DEFAULT_WORKERS, Math.max(1, availableParallelism() - 1));
    this.decoder = new SampleDecoder(threads);
    this.ahead = ahead ?? Math.max(2, Math.ceil((threads + 1) / order.settings.batchSize));
    this.coming = from;
    this.end = to;
    this.fill();
  }

  /** Starts to decode at once. @param order of the images of `dataset` */
  static create(dataset: TrainingDataset, order: ImageOrder, options: FeedOptions): SampleFeed {
    return new SampleFeed(dataset, order, options);
  }

  /**
   * The images of the next step, as `order.imagesOfStep` lists them. Their arrays are to be read only: objects' arrays
   * belong to the dataset.
   * @throws InputError for an image file that cannot be read or has another size than its annotations say
   */
  async next(): Promise<DecodedSample[]> {
    const batch = this.batches.shift();
    if (batch === undefined) {
      throw new RangeError(`the feed of training images ended before step ${this.coming}`);
    }
    this.fill();
    const started = performance.now();
    try {
      return await batch;
    } finally {
      this.waited += (performance.now() - started) / 1000;
    }
  }

  /** Ends the threads, also in the midst of an image, and drops what was decoded ahead. */
  async close(): Promise<void> {
    this.end = this.coming;
    this.batches.length = 0;
    await this.decoder.close();
  }

  private fill(): void {
    while (this.batches.length < this.ahead && this.coming < this.end) {
      const { images } = this.order.imagesOfStep(this.coming++);
      const batch = Promise.all(images.map((image) => this.decoder.decode(this.dataset.images[image])));
      // told by the `next` that takes it
      batch.catch(() => undefined);
      this.batches.push(batch);
    }
  }
}
