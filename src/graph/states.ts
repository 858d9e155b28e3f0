import type { GpuDevice } from '../gpu/device';
import { Recording, type BufferRange } from '../gpu/recording';

/** Ranges of a buffer begin at multiples of this many bytes: the largest alignment that an adapter may ask for. */
export const RANGE_ALIGNMENT = 256;

export interface FlatRange {
  /** Which of the arena's buffers. */
  readonly chunk: number;
  /** In elements (f32). */
  readonly offset: number;
  readonly length: number;
}

/**
 * Tensors that outlive a run and that ops overwrite: parameters in training, gradients, optimizer state. They lie one after
 * the other in as few buffers as a binding's limit allows, so that an optimizer step is a few dispatches over flat ranges
 * and a checkpoint is a copy. Between them lie zeros, up to the next multiple of `RANGE_ALIGNMENT` bytes.
 */
export class StateStore {
  private readonly named = new Map<string, BufferRange>();
  private readonly lengths = new Map<string, number>();
  private readonly buffers: GPUBuffer[] = [];

  constructor(readonly gpu: GpuDevice) {}

  /** A zeroed state of its own. */
  add(name: string, length: number): void {
    this.set(name, this.own(name, length * 4), length);
  }

  /**
   * Zeroed states side by side. Chunk i is itself a state of the name `NAME/i`, over all of its elements.
   * @param layout where each lies (see layOut()); the same layout for parameters, gradients and optimizer state
   * @param prefix of the states' names
   */
  addArena(name: string, layout: ArenaLayout, prefix: string): void {
    const chunks = layout.chunks.map((length, i) => {
      const range = this.own(`${name}/${i}`, length * 4);
      this.set(`${name}/${i}`, range, length);
      return range;
    });
    for (const [state, { chunk, offset, length }] of layout.ranges) {
      const range = { buffer: chunks[chunk].buffer, offset: offset * 4, size: Math.ceil(length / 4) * 16 };
      this.set(`${prefix}${state}`, range, length);
    }
  }

  /** @throws RangeError for a name that was not added */
  rangeOf(name: string): BufferRange {
    const range = this.named.get(name);
    if (range === undefined) {
      throw new RangeError(`there is no state named ${name}`);
    }
    return range;
  }

  has(name: string): boolean {
    return this.named.has(name);
  }

  /** Values from the state's first on, at most as many as it holds. */
  write(name: string, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    const { buffer, offset } = this.rangeOf(name);
    const length = this.lengths.get(name) ?? 0;
    if (values.length > length) {
      throw new RangeError(`state ${name} has ${length} elements, and ${values.length} are to be written`);
    }
    this.gpu.write(buffer, values, offset);
  }

  /** Copies of the values of states, read back in one go. */
  async read(names: readonly string[]): Promise<Float32Array[]> {
    const ranges = names.map((name) => this.rangeOf(name));
    const recording = await Recording.create(this.gpu, 'states', []);
    try {
      const { data } = await recording.run([], ranges);
      return data.map((bytes, i) => new Float32Array(bytes, 0, this.lengths.get(names[i])));
    } finally {
      recording.release();
    }
  }

  release(): void {
    this.buffers.forEach((buffer) => this.gpu.memory.release(buffer));
    this.buffers.length = 0;
    this.named.clear();
    this.lengths.clear();
  }

  private set(name: string, range: BufferRange, length: number): void {
    this.named.set(name, range);
    this.lengths.set(name, length);
  }

  private own(label: string, bytes: number): BufferRange {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.gpu.memory.create(label, bytes, usage);
    this.buffers.push(buffer);
    return { buffer, offset: 0, size: buffer.size };
  }
}

export interface ArenaLayout {
  readonly ranges: ReadonlyMap<string, FlatRange>;
  /** Elements of each chunk, a multiple of the alignment. */
  readonly chunks: readonly number[];
}

/**
 * Places tensors one after the other, each from a multiple of `RANGE_ALIGNMENT` bytes on, a new chunk where the next one
 * would go beyond `maxBytes`.
 */
export function layOut(lengths: Iterable<readonly [name: string, length: number]>, maxBytes: number): ArenaLayout {
  const step = RANGE_ALIGNMENT / 4;
  const ranges = new Map<string, FlatRange>();
  const chunks: number[] = [];
  for (const [name, length] of lengths) {
    const padded = Math.ceil(length / step) * step;
    if (chunks.length === 0 || (chunks[chunks.length - 1] + padded) * 4 > maxBytes) {
      chunks.push(0);
    }
    const chunk = chunks.length - 1;
    ranges.set(name, { chunk, offset: chunks[chunk], length });
    chunks[chunk] += padded;
  }
  return { ranges, chunks };
}
