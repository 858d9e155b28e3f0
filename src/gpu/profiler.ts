import type { GpuDevice } from './device';
import type { KernelCall } from './kernel';

/** Time of one dispatch on the GPU. */
export interface DispatchTime {
  readonly op: string;
  readonly kernel: string;
  readonly milliseconds: number;
  readonly flops: number;
  /** Part of the stated work may have been left out, by a count on the GPU. */
  readonly counted: boolean;
  readonly bytes: number;
}

const QUERIES_PER_SET = 4096;

/** Timestamp queries around passes, such as one for every dispatch of a run. */
export class DispatchTimer {
  private readonly sets: GPUQuerySet[] = [];
  private readonly resolved: GPUBuffer;
  readonly bytes: number;

  constructor(
    private readonly gpu: GpuDevice,
    count: number,
  ) {
    for (let left = count * 2; left > 0; left -= QUERIES_PER_SET) {
      this.sets.push(gpu.device.createQuerySet({ type: 'timestamp', count: Math.min(left, QUERIES_PER_SET) }));
    }
    this.bytes = count * 16;
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    this.resolved = gpu.memory.create('timestamps', this.bytes, usage);
  }

  writes(index: number): GPUComputePassTimestampWrites {
    const at = (index * 2) % QUERIES_PER_SET;
    const querySet = this.sets[Math.floor((index * 2) / QUERIES_PER_SET)];
    return { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  resolve(encoder: GPUCommandEncoder, target: GPUBuffer, offset: number): void {
    this.sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, set.count, this.resolved, i * QUERIES_PER_SET * 8));
    encoder.copyBufferToBuffer(this.resolved, 0, target, offset, this.bytes);
  }

  /** How long each pass took, from what `resolve` put at `offset`. */
  milliseconds(mapped: ArrayBuffer, offset: number): number[] {
    const ticks = new BigUint64Array(mapped.slice(offset, offset + this.bytes));
    return Array.from({ length: ticks.length / 2 }, (_, i) => Number(ticks[i * 2 + 1] - ticks[i * 2]) / 1e6);
  }

  read(
    mapped: ArrayBuffer,
    offset: number,
    steps: readonly { op: string; counted?: boolean; call: KernelCall<{ size: number }> }[],
  ): DispatchTime[] {
    const times = this.milliseconds(mapped, offset);
    return steps.map(({ op, call, counted = false }, i) => ({
      op,
      counted,
      kernel: call.kernel,
      milliseconds: times[i],
      flops: call.flops ?? 0,
      bytes: call.bytes ?? Object.values(call.bindings).reduce((sum, use) => sum + use.target.size, 0),
    }));
  }

  release(): void {
    this.sets.forEach((set) => set.destroy());
    this.gpu.memory.release(this.resolved);
  }
}
