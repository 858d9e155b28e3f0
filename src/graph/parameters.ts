import type { GpuDevice } from '../gpu/device';
import { InputError } from '../errors';

/**
 * The values of a model's parameters, and what plans have computed from them alone (packed weights, folded BatchNorms).
 * Shared by all plans of a model. Host values stay, device copies are made when a plan wants them.
 */
export class ParameterStore {
  private readonly buffers = new Map<string, GPUBuffer>();
  private readonly inUse = new Set<GPUBuffer>();

  constructor(
    readonly gpu: GpuDevice,
    private readonly values: ReadonlyMap<string, Float32Array>,
  ) {}

  value(name: string): Float32Array {
    const value = this.values.get(name);
    if (value === undefined) {
      throw new InputError(`the weights have no tensor named ${name}`);
    }
    return value;
  }

  /** The device copy of a parameter or of a derived constant, if it is there. */
  find(key: string): GPUBuffer | undefined {
    return this.buffers.get(key);
  }

  /** A zeroed buffer for a constant that a plan is about to compute. */
  create(key: string, bytes: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    // derived constants have all that they are made from in their keys
    const buffer = this.gpu.memory.create(key.split(';', 1)[0], bytes, usage);
    this.buffers.set(key, buffer);
    return buffer;
  }

  upload(name: string): GPUBuffer {
    const value = this.value(name);
    const buffer = this.create(name, value.byteLength);
    this.gpu.write(buffer, new Float32Array(value));
    return buffer;
  }

  /** Frees what no plan reads in its runs: parameters and constants that only served to compute others. */
  keepOnly(used: ReadonlySet<GPUBuffer>): void {
    used.forEach((buffer) => this.inUse.add(buffer));
    for (const [key, buffer] of this.buffers) {
      if (!this.inUse.has(buffer)) {
        this.gpu.memory.release(buffer);
        this.buffers.delete(key);
      }
    }
  }

  release(): void {
    for (const buffer of this.buffers.values()) {
      this.gpu.memory.release(buffer);
    }
    this.buffers.clear();
    this.inUse.clear();
  }
}
