import { afterEach, beforeEach, expect, test } from 'vitest';
import { GpuDevice } from '../../src/gpu/device';
import { DeviceMemoryError, GpuError } from '../../src/gpu/errors';
import type { GpuHost } from '../../src/gpu/host';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { unary } from '../../src/kernels/elementwise';
import { read, required, write, type Op } from '../../src/kernels/op';
import { dense, featureMap } from '../../src/kernels/tensor';
import { nodeHost } from '../../src/node/webgpu';

// A device of its own for each test, as an error may be its last.
let gpu: GpuDevice;
let lose: (info: Pick<GPUDeviceLostInfo, 'reason' | 'message'>) => void;

beforeEach(async () => {
  const lost = new Promise<Pick<GPUDeviceLostInfo, 'reason' | 'message'>>((resolve) => (lose = resolve));
  gpu = await GpuDevice.open(losableHost(lost));
});

afterEach(() => gpu.close());

/** The object with some properties replaced. WebGPU's methods want the object itself as `this`. */
function withProperties<T extends object>(target: T, replaced: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = key in replaced ? replaced[key as keyof T] : Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
  });
}

/** A host whose devices are lost when a test says so: no adapter loses its device on request. */
function losableHost(lost: Promise<unknown>): GpuHost {
  const losable = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await nodeHost.gpu.requestAdapter(options);
    const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      return withProperties(await (adapter as GPUAdapter).requestDevice(descriptor), { lost });
    };
    return adapter === null ? null : withProperties(adapter, { requestDevice });
  };
  return {
    gpu: withProperties(nodeHost.gpu, { requestAdapter: losable }),
    wait: async (promise, software) => nodeHost.wait(promise, software),
  };
}

function custom(name: string, source: string, workgroups: [number, number, number]): Op<Record<string, never>> {
  return {
    name,
    infer: (inputs) => [required(inputs, 0, name)],
    forward(context, inputs, [y]) {
      const x = required(inputs, 0, name);
      const bindings = { x: read(x, 'f32'), y: write(y, 'f32') };
      context.dispatch({ kernel: `test/${name}`, source, bindings, workgroups });
    },
  };
}

const COPY = '@compute @workgroup_size(1)\nfn main() {\n  y[0] = x[0];\n}\n';

async function compile(op: Op<Record<string, never>>): Promise<CompiledGraph> {
  const graph = new Graph();
  const x = graph.input('x', dense([4]));
  graph.output(
    'y',
    graph.scope('roi_heads.box', () => graph.apply1(op, [x], {})),
  );
  return CompiledGraph.create(graph, new ParameterStore(gpu, new Map()), { label: 'test plan' });
}

/** What a promise is rejected with. */
async function reason(promise: Promise<unknown>): Promise<Error> {
  const settled = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(settled instanceof Error)) {
    throw new Error('there was no error');
  }
  return settled;
}

test('a kernel that is not WGSL: op, place, kernel, line and the line itself', async () => {
  const broken = custom('broken', COPY.replace('x[0]', 'x[0] + missing'), [1, 1, 1]);
  const error = await reason(compile(broken));
  expect(error).toBeInstanceOf(GpuError);
  // two bindings are declared before the source's first line
  expect(error.message).toMatch(/^broken roi_heads\.box, kernel test\/broken: 5:\d+ .*missing/);
  expect(error.message).toContain('  y[0] = x[0] + missing;');
  expect(gpu.memory.count, 'buffers left').toBe(0);
});

test('a template mistake names the op and the kernel', async () => {
  const error = await reason(compile(custom('template', `// \${MISSING}\n${COPY}`, [1, 1, 1])));
  expect(error.message).toMatch(/^template roi_heads\.box, kernel test\/template: .*"MISSING" is not defined/);
  expect(gpu.memory.count, 'buffers left').toBe(0);
});

test('a broken kernel does not take the device with it', async () => {
  await reason(compile(custom('broken', 'not WGSL', [1, 1, 1])));
  const compiled = await compile(custom('copy', COPY, [1, 1, 1]));
  const { outputs } = await compiled.run({ x: new Float32Array([7, 0, 0, 0]) });
  expect(new Float32Array(outputs.get('y') as ArrayBuffer)[0]).toBe(7);
});

test('a buffer beyond the limits: the limit and the need', async () => {
  const limit = Math.min(gpu.capabilities.maxBindingSize, gpu.capabilities.maxBufferSize);
  const graph = new Graph();
  const x = graph.input('image', featureMap([1, 1, 1, 4]));
  graph.output('x', graph.apply1(unary, [x], { function: 'relu' }));
  graph.output('y', graph.apply1(unary, [graph.input('map', featureMap([limit / 16 + 1, 4]))], { function: 'relu' }));
  const error = await reason(CompiledGraph.create(graph, new ParameterStore(gpu, new Map()), { label: 'large' }));
  expect(error).toBeInstanceOf(DeviceMemoryError);
  expect(error).toMatchObject({ label: 'large input map', bytes: (limit / 16 + 1) * 16, limit });
  expect(error.message).toMatch(
    /^large input map needs [\d.]+ [MG]iB, and the adapter's max(StorageBufferBinding|Buffer)Size is [\d.]+ [MG]iB$/,
  );
  expect(gpu.memory.count, 'buffers left').toBe(0);
});

test.each([
  [65536, 1, 1],
  [1, 1.5, 1],
])('%d x %d x %d workgroups', async (...workgroups) => {
  const error = await reason(compile(custom('wide', COPY, workgroups)));
  expect(error).toBeInstanceOf(GpuError);
  expect(error.message).toMatch(/^wide roi_heads\.box, kernel test\/wide: .* workgroups, the limit is 65535/);
  expect(gpu.memory.count, 'buffers left').toBe(0);
});

test('a lost device: one error that names what ran', async () => {
  const compiled = await compile(custom('copy', COPY, [1, 1, 1]));
  const running = reason(compiled.run({}));
  gpu.device.destroy();
  lose({ reason: 'unknown', message: 'the cable came out' });
  const error = await running;
  expect(error).toBeInstanceOf(GpuError);
  expect(error.message).toMatch(/lost during test plan, last op copy roi_heads\.box: the cable came out/);
  expect(await reason(compiled.run({})), 'later runs').toBe(error);
});

test('a device closed while it runs is a GpuError too', async () => {
  const compiled = await compile(custom('copy', COPY, [1, 1, 1]));
  const running = reason(compiled.run({}));
  gpu.close();
  const error = await running;
  expect(error).toBeInstanceOf(GpuError);
  expect(error.message).toMatch(/^test plan, last op copy roi_heads\.box: \w/);
});

test('an adapter that gives no device is a GpuError, with its reason', async () => {
  const requestDevice = (): Promise<never> => Promise.reject(new Error('too many devices'));
  const requestAdapter = async (): Promise<GPUAdapter> => {
    const adapter = await nodeHost.gpu.requestAdapter();
    return withProperties(adapter as GPUAdapter, { requestDevice });
  };
  const error = await reason(GpuDevice.open({ ...nodeHost, gpu: withProperties(nodeHost.gpu, { requestAdapter }) }));
  expect(error).toBeInstanceOf(GpuError);
  expect(error.message).toMatch(/^opening \S.*: too many devices$/);
});

test('a buffer that is released twice is named', () => {
  const buffer = gpu.memory.create('once', 16, GPUBufferUsage.STORAGE);
  gpu.memory.release(buffer);
  expect(() => gpu.memory.release(buffer)).toThrow(/"once" is released twice/);
});
