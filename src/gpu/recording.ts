import type { GpuDevice } from './device';
import { GpuError } from './errors';
import { paramsSize, writeParams, type KernelCall } from './kernel';
import { DispatchTimer, type DispatchTime } from './profiler';

export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** A dispatch and the graph's op that it belongs to (`conv2d layer1.0.conv1`). */
export interface RecordedCall {
  readonly op: string;
  /** How much of its work it does is decided on the GPU. */
  readonly counted?: boolean;
  readonly call: KernelCall<BufferRange>;
}

export interface Upload {
  readonly buffer: GPUBuffer;
  readonly data: ArrayBufferView<ArrayBuffer>;
}

export interface RunResult {
  /** One array for each range asked for, in order. Copies: they stay valid. */
  readonly data: ArrayBuffer[];
  /** Time of each dispatch, where a profile was asked for. */
  readonly times: DispatchTime[];
}

interface Step extends RecordedCall {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

const UNIFORM_ALIGNMENT = 256;

/**
 * A list of dispatches with pipelines and bind groups made, replayed with one submission a run. A run may begin while
 * others are not read back yet: the queue orders their writes and dispatches, and each has a readback buffer of its own.
 */
export class Recording {
  /** Readback buffers that no run uses: at most as many as there were runs at one time. */
  private idleReadbacks: GPUBuffer[] = [];
  private released = false;

  private constructor(
    private readonly gpu: GpuDevice,
    private readonly label: string,
    private readonly steps: readonly Step[],
    private readonly params: GPUBuffer | undefined,
  ) {}

  static async create(gpu: GpuDevice, label: string, calls: readonly RecordedCall[]): Promise<Recording> {
    const { device } = gpu;
    // a dispatch without workgroups is legal, yet costs as much as a real one
    const live = calls.filter(({ call }) => call.workgroups.every((n) => n > 0));
    for (const { op, call } of live) {
      checkWorkgroups(gpu, op, call);
    }
    const offsets: number[] = [];
    let size = 0;
    for (const { call } of live) {
      offsets.push(size);
      size += Math.ceil(paramsSize(call) / UNIFORM_ALIGNMENT) * UNIFORM_ALIGNMENT;
    }
    let params: GPUBuffer | undefined;
    if (size > 0) {
      const bytes = new DataView(new ArrayBuffer(size));
      live.forEach(({ call }, i) => writeParams(call, bytes, offsets[i]));
      params = gpu.memory.create(`${label} params`, size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
      device.queue.writeBuffer(params, 0, bytes.buffer);
    }
    gpu.activity = `set-up of ${label}`;
    try {
      const pipelines = await gpu.wait(Promise.all(live.map(({ call, op }) => gpu.pipeline(call, op))));
      device.pushErrorScope('out-of-memory');
      device.pushErrorScope('validation');
      const steps = live.map(({ op, call, counted }, i): Step => {
        const uses: GPUBufferBinding[] = Object.values(call.bindings).map(({ target }) => ({ ...target }));
        if (call.params !== undefined && params !== undefined) {
          uses.push({ buffer: params, offset: offsets[i], size: paramsSize(call) });
        }
        const bindGroup = device.createBindGroup({
          label: `${op}, kernel ${call.kernel}`,
          layout: gpu.bindGroupLayout(call),
          entries: uses.map((resource, binding) => ({ binding, resource })),
        });
        return { op, call, counted, pipeline: pipelines[i], bindGroup };
      });
      // both at once: what others do meanwhile is not set-up
      const scopes = [device.popErrorScope(), device.popErrorScope()];
      const error = (await gpu.wait(Promise.all(scopes))).find((e) => e !== null);
      if (error) {
        throw new GpuError(`set-up of ${label}: ${error.message}`);
      }
      return new Recording(gpu, label, steps, params);
    } catch (error) {
      if (params !== undefined) {
        gpu.memory.release(params);
      }
      throw error;
    }
  }

  get dispatches(): number {
    return this.steps.length;
  }

  /**
   * Writes the uploads, runs every dispatch and reads the given ranges back: one submission, and one readback unless
   * `wanted` is empty.
   */
  async run(uploads: readonly Upload[], wanted: readonly BufferRange[], profile = false): Promise<RunResult> {
    const { gpu } = this;
    const { device } = gpu;
    gpu.check();
    gpu.activity = `${this.label}, last op ${this.steps.at(-1)?.op ?? 'none'}`;
    for (const { buffer, data } of uploads) {
      device.queue.writeBuffer(buffer, 0, data);
    }
    const timer = profile && gpu.capabilities.timestamps ? new DispatchTimer(gpu, this.steps.length) : undefined;
    const encoder = device.createCommandEncoder({ label: this.label });
    this.encode(encoder, timer);
    const size = wanted.reduce((sum, range) => sum + range.size, 0) + (timer?.bytes ?? 0);
    const target = size > 0 ? this.takeReadback(size) : undefined;
    let offset = 0;
    if (target !== undefined) {
      for (const range of wanted) {
        encoder.copyBufferToBuffer(range.buffer, range.offset, target, offset, range.size);
        offset += range.size;
      }
      timer?.resolve(encoder, target, offset);
    }
    device.queue.submit([encoder.finish()]);
    gpu.counters.submissions++;
    try {
      if (target === undefined) {
        await gpu.wait(device.queue.onSubmittedWorkDone());
        return { data: [], times: [] };
      }
      return await this.readBack(target, size, (mapped) => {
        let at = 0;
        const data = wanted.map((range) => mapped.slice(at, (at += range.size)));
        return { data, times: timer?.read(mapped, offset, this.steps) ?? [] };
      });
    } finally {
      timer?.release();
    }
  }

  /**
   * Runs the dispatches `repeats` times in one compute pass, without uploads or readback of results, and gives milliseconds
   * per repetition: between timestamps at both ends of the pass, or from submission to completion by the host's clock where
   * the adapter has no timestamps. The very first dispatch of a pipeline may compile it; that is not left out.
   */
  async time(repeats: number): Promise<number> {
    const { gpu } = this;
    const { queue } = gpu.device;
    gpu.check();
    gpu.activity = `timing of ${this.label}`;
    const timer = gpu.capabilities.timestamps ? new DispatchTimer(gpu, 1) : undefined;
    try {
      const encoder = gpu.device.createCommandEncoder({ label: this.label });
      const pass = encoder.beginComputePass({ label: this.label, timestampWrites: timer?.writes(0) });
      for (let i = 0; i < repeats; i++) {
        this.steps.forEach((step) => {
          dispatch(pass, step);
        });
      }
      pass.end();
      const target = timer === undefined ? undefined : this.takeReadback(timer.bytes);
      if (target !== undefined) {
        timer?.resolve(encoder, target, 0);
      }
      const commands = encoder.finish();
      const start = performance.now();
      queue.submit([commands]);
      gpu.counters.submissions++;
      if (timer === undefined || target === undefined) {
        await gpu.wait(queue.onSubmittedWorkDone());
        return (performance.now() - start) / repeats;
      }
      return await this.readBack(target, timer.bytes, (mapped) => timer.milliseconds(mapped, 0)[0] / repeats);
    } finally {
      timer?.release();
    }
  }

  private encode(encoder: GPUCommandEncoder, timer: DispatchTimer | undefined): void {
    if (timer === undefined) {
      const pass = encoder.beginComputePass({ label: this.label });
      for (const step of this.steps) {
        dispatch(pass, step);
      }
      pass.end();
      return;
    }
    this.steps.forEach((step, index) => {
      const pass = encoder.beginComputePass({ label: step.op, timestampWrites: timer.writes(index) });
      dispatch(pass, step);
      pass.end();
    });
  }

  /** A readback buffer of at least `size` bytes that no other run has; readBack() takes it back. */
  private takeReadback(size: number): GPUBuffer {
    const { memory } = this.gpu;
    const fitting = this.idleReadbacks.findIndex((buffer) => buffer.size >= size);
    if (fitting >= 0) {
      return this.idleReadbacks.splice(fitting, 1)[0];
    }
    const tooSmall = this.idleReadbacks.pop();
    if (tooSmall !== undefined) {
      memory.release(tooSmall);
    }
    return memory.create(`${this.label} readback`, size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** Gives `read` what the submitted work writes to the first `size` bytes of a buffer of takeReadback(). */
  private async readBack<T>(target: GPUBuffer, size: number, read: (mapped: ArrayBuffer) => T): Promise<T> {
    const { gpu } = this;
    let reusable = false;
    try {
      await gpu.wait(target.mapAsync(GPUMapMode.READ, 0, size));
      gpu.counters.readbacks++;
      const result = read(target.getMappedRange(0, size));
      target.unmap();
      reusable = !this.released;
      return result;
    } finally {
      if (reusable) {
        this.idleReadbacks.push(target);
      } else {
        gpu.memory.release(target);
      }
    }
  }

  /** Frees its memory. Runs that are not read back yet still end, and free theirs then. */
  release(): void {
    this.released = true;
    for (const buffer of [this.params, ...this.idleReadbacks]) {
      if (buffer !== undefined) {
        this.gpu.memory.release(buffer);
      }
    }
    this.idleReadbacks = [];
  }
}

function dispatch(pass: GPUComputePassEncoder, step: Step): void {
  pass.setPipeline(step.pipeline);
  pass.setBindGroup(0, step.bindGroup);
  pass.dispatchWorkgroups(...step.call.workgroups);
}

function checkWorkgroups(gpu: GpuDevice, op: string, call: KernelCall<BufferRange>): void {
  const limit = gpu.capabilities.maxWorkgroupsPerDimension;
  if (call.workgroups.some((n) => n > limit || !Number.isInteger(n))) {
    throw new GpuError(
      `${op}, kernel ${call.kernel}: ${call.workgroups.join(' x ')} workgroups, the limit is ${limit} each way`,
    );
  }
}
