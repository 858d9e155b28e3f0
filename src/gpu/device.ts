import { InputError } from '../errors';
import {
  describeAdapter,
  isSoftwareAdapter,
  readCapabilities,
  SUBGROUP_MATRIX,
  type Capabilities,
} from './capabilities';
import { GpuError } from './errors';
import type { GpuHost } from './host';
import { kernelCode, layoutKey, type KernelCall } from './kernel';
import { BufferMemory } from './memory';

/** Which adapter to take: hardware before software, or one of the two by force. */
export type AdapterChoice = 'auto' | 'hardware' | 'software';

const WANTED_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', 'timestamp-query', SUBGROUP_MATRIX];
const NO_ADAPTER =
  'no WebGPU adapter was found; run `engine doctor`, and on Linux without a GPU install libvulkan1 and ' +
  'mesa-vulkan-drivers (Mesa 24 or newer)';

/** Asks for an adapter: a hardware one first, a software one where there is none. */
export async function requestAdapter(gpu: GPU, choice: AdapterChoice): Promise<GPUAdapter> {
  const fallback = (): Promise<GPUAdapter | null> => gpu.requestAdapter({ forceFallbackAdapter: true });
  const preferred = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (choice !== 'software') {
    const adapter = preferred ?? (choice === 'auto' ? await fallback() : null);
    if (adapter === null) {
      throw new InputError(NO_ADAPTER);
    }
    if (choice === 'hardware' && isSoftwareAdapter(adapter.info)) {
      throw new InputError(
        `--adapter hardware: the only adapter is the software one (${describeAdapter(adapter.info)}); ` +
          'leave the option out, or run `engine doctor`',
      );
    }
    return adapter;
  }
  const software = preferred !== null && isSoftwareAdapter(preferred.info) ? preferred : await fallback();
  if (software === null) {
    throw new InputError(
      '--adapter software: no software adapter was found; install mesa-vulkan-drivers, or leave the option out',
    );
  }
  return software;
}

/**
 * A device with everything that is shared by the work on it: counted buffers, cached pipelines, and the errors that
 * WebGPU reports without a caller.
 */
export class GpuDevice {
  readonly memory: BufferMemory;
  /** Queue submissions and mapped readbacks so far, as `--profile` reports them. */
  readonly counters = { submissions: 0, readbacks: 0 };
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private failure: GpuError | undefined;
  /** What runs now, to name it when the device is lost. */
  activity = 'start-up';

  private constructor(
    private readonly host: GpuHost,
    readonly adapter: GPUAdapter,
    readonly device: GPUDevice,
    readonly capabilities: Capabilities,
  ) {
    this.memory = new BufferMemory(device, capabilities);
    device.onuncapturederror = (event): void => {
      this.failure ??= new GpuError(`${this.activity}: ${event.error.message}`);
    };
    void device.lost.then((info) => {
      if (info.reason !== 'destroyed') {
        this.failure ??= new GpuError(`the GPU device was lost during ${this.activity}: ${info.message}`);
      }
    });
  }

  /**
   * Opens the chosen adapter with all of its limits.
   * @throws InputError where there is none
   * @throws GpuError where it gives no device
   */
  static async open(host: GpuHost, choice: AdapterChoice = 'auto'): Promise<GpuDevice> {
    const adapter = await requestAdapter(host.gpu, choice);
    const requiredLimits: Record<string, number> = {};
    for (const name in adapter.limits) {
      const value = adapter.limits[name as keyof GPUSupportedLimits];
      if (typeof value === 'number') {
        requiredLimits[name] = value;
      }
    }
    const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
    const device = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((error: unknown) => {
      throw new GpuError(`opening ${describeAdapter(adapter.info)}: ${messageOf(error)}`);
    });
    return new GpuDevice(host, adapter, device, readCapabilities(adapter));
  }

  /** Awaits GPU work and turns what WebGPU reported meanwhile into one exception. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await this.host.wait(promise, this.capabilities.software);
      this.check();
      return value;
    } catch (error) {
      throw this.failure ?? (error instanceof GpuError ? error : new GpuError(`${this.activity}: ${messageOf(error)}`));
    }
  }

  /** @throws GpuError where the device has reported an error or was lost */
  check(): void {
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }

  /** The pipeline of a call, compiled once for each distinct code. */
  pipeline(call: KernelCall<unknown>, op: string): Promise<GPUComputePipeline> {
    const code = codeOf(call, op);
    const layout = layoutKey(call);
    const key = `${layout}\n${code}`;
    let pipeline = this.pipelines.get(key);
    if (pipeline === undefined) {
      pipeline = this.compile(call, code, op);
      this.pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  private async compile(call: KernelCall<unknown>, code: string, op: string): Promise<GPUComputePipeline> {
    // the pipeline's error is the one to report: without a scope the module's would count as the device's failure
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: call.kernel, code });
    const parsed = this.device.popErrorScope();
    const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.bindGroupLayout(call)] });
    try {
      const pipeline = this.device.createComputePipelineAsync({
        label: call.kernel,
        layout,
        compute: { module, entryPoint: 'main' },
      });
      return (await Promise.all([pipeline, parsed]))[0];
    } catch (error) {
      const info = await module.getCompilationInfo();
      const messages = info.messages.map(
        (m) => `${m.lineNum}:${m.linePos} ${m.message}\n  ${code.split('\n')[m.lineNum - 1] ?? ''}`,
      );
      throw new GpuError(`${op}, kernel ${call.kernel}: ${messages.join('\n') || String(error)}`);
    }
  }

  bindGroupLayout(call: KernelCall<unknown>): GPUBindGroupLayout {
    const key = layoutKey(call);
    let layout = this.layouts.get(key);
    if (layout === undefined) {
      const types: GPUBufferBindingType[] = [...key].map((c) =>
        c === 'r' ? 'read-only-storage' : c === 'w' ? 'storage' : 'uniform',
      );
      layout = this.device.createBindGroupLayout({
        label: key,
        entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
      });
      this.layouts.set(key, layout);
    }
    return layout;
  }

  /** Queues a write of the whole of `data` to a buffer, from the byte `offset` on. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.device.queue.writeBuffer(buffer, offset, data);
  }

  close(): void {
    this.device.destroy();
  }
}

function codeOf(call: KernelCall<unknown>, op: string): string {
  try {
    return kernelCode(call);
  } catch (error) {
    throw new GpuError(`${op}, kernel ${call.kernel}: ${messageOf(error)}`);
  }
}

/** Never empty: Dawn rejects what waits for a destroyed device without a message. */
function messageOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'unknown error', message: String(error) };
  return message.trim() === '' ? name : message;
}
