import type { Capabilities } from './capabilities';
import { DeviceMemoryError, GpuError } from './errors';

/** Counts every buffer that the engine makes, so that leaks show and peaks can be reported. Bytes. */
export class BufferMemory {
  private readonly sizes = new Map<GPUBuffer, number>();
  private liveBytes = 0;
  private peakBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly limits: Capabilities,
  ) {}

  get live(): number {
    return this.liveBytes;
  }

  get peak(): number {
    return this.peakBytes;
  }

  get count(): number {
    return this.sizes.size;
  }

  /** Starts a new peak measurement from what is live now. */
  resetPeak(): void {
    this.peakBytes = this.liveBytes;
  }

  /**
   * A zeroed buffer of at least `bytes`.
   * @throws DeviceMemoryError naming the adapter's limit where the size is beyond it
   */
  create(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    this.checkLimit(label, size, 'maxBufferSize', this.limits.maxBufferSize);
    if ((usage & GPUBufferUsage.STORAGE) !== 0) {
      this.checkLimit(label, size, 'maxStorageBufferBindingSize', this.limits.maxBindingSize);
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.sizes.set(buffer, size);
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    const size = this.sizes.get(buffer);
    if (size === undefined) {
      throw new GpuError(`buffer "${buffer.label}" is released twice`);
    }
    this.sizes.delete(buffer);
    this.liveBytes -= size;
    buffer.destroy();
  }

  private checkLimit(label: string, size: number, name: string, limit: number): void {
    if (size > limit) {
      throw new DeviceMemoryError(label, size, `the adapter's ${name}`, limit);
    }
  }
}
