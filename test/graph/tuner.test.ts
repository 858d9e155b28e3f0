import { describe, expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { Tuner, type TunedChoice } from '../../src/graph/tuner';
import { candidatesOf, shapeClass } from '../../src/graph/tuning';
import { binary } from '../../src/kernels/elementwise';
import { TILE_NAMES } from '../../src/kernels/gemm/variants';
import { featureMap, toStored } from '../../src/kernels/tensor';
import { conv } from '../../src/models/layers';
import type { Target } from '../../src/kernels/op';
import { expectClose } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';

expectNoLeaks();

function convGraph({ height = 20, width = 24, images = 1, channels = 64, kernel = 3 } = {}): Graph {
  const graph = new Graph();
  const x = graph.input('x', featureMap([images, height, width, channels]));
  graph.output('y', conv(graph, x, 'conv', channels, kernel, { padding: kernel >> 1 }));
  return graph;
}

function classOf(sizes: Parameters<typeof convGraph>[0]): string {
  return shapeClass(convGraph(sizes).nodes[0]);
}

describe('shape classes', () => {
  test('large maps of about one area are one class, small maps are told apart', () => {
    expect(classOf({ height: 200, width: 272 })).toBe(classOf({ height: 192, width: 272 }));
    expect(classOf({ height: 200, width: 272 })).toBe(classOf({ height: 272, width: 200 }));
    expect(classOf({ height: 200, width: 272 })).not.toBe(classOf({ height: 100, width: 136 }));
    expect(classOf({ height: 7, width: 7 })).not.toBe(classOf({ height: 8, width: 8 }));
    expect(classOf({ images: 100 })).toBe(classOf({ images: 101 }));
    expect(classOf({ images: 100 })).not.toBe(classOf({ images: 200 }));
  });

  test('channels, kernels and attributes are told apart, and weights that change from run to run', () => {
    expect(classOf({ channels: 64 })).not.toBe(classOf({ channels: 68 }));
    expect(classOf({ kernel: 3 })).not.toBe(classOf({ kernel: 1 }));
    const trained = new Graph(new Set(['conv.weight', 'conv.bias']));
    const x = trained.input('x', featureMap([1, 20, 24, 64]));
    conv(trained, x, 'conv', 64, 3, { padding: 1 });
    expect(shapeClass(trained.nodes[0])).not.toBe(classOf({}));
    const strided = new Graph();
    conv(strided, strided.input('x', featureMap([1, 20, 24, 64])), 'conv', 64, 3, { padding: 1, stride: 2 });
    expect(shapeClass(strided.nodes[0])).not.toBe(classOf({}));
    const activated = new Graph();
    const map = activated.input('x', featureMap([1, 20, 24, 64]));
    conv(activated, map, 'conv', 64, 3, { padding: 1, activation: 'relu' });
    expect(shapeClass(activated.nodes[0]), 'costs the same').toBe(classOf({}));
  });

  test('weights of f16 are told apart', () => {
    const [node] = convGraph().nodes;
    expect(shapeClass(node, 'f32')).toBe(classOf({}));
    expect(shapeClass(node, 'f16')).not.toBe(classOf({}));
  });
});

describe('candidates', () => {
  test('hardware chooses among tiles that fit the product, and Winograd for 3x3', async () => {
    const { capabilities } = await testDevice();
    const hardware: Target = { capabilities: { ...capabilities, software: false, subgroupSize: 32 }, precision: 'f32' };
    const wide = convGraph({ height: 200, width: 272, channels: 256 }).nodes[0];
    expect(candidatesOf(wide, hardware)).toEqual([
      'tiled 64x64',
      'tiled 32x32',
      'tiled 128x64',
      'tiled 128x128',
      'winograd',
    ]);
    const pointwise = convGraph({ height: 200, width: 272, channels: 256, kernel: 1 }).nodes[0];
    expect(new Set(candidatesOf(pointwise, hardware))).toEqual(new Set(TILE_NAMES.map((name) => `tiled ${name}`)));
    const small = { ...hardware, capabilities: { ...hardware.capabilities, maxWorkgroupSize: 128 } };
    expect(candidatesOf(pointwise, small)).not.toContain('tiled 128x128');
    // transformed weights lose too much as f16
    expect(candidatesOf(wide, { ...hardware, precision: 'f16' })).toEqual(
      candidatesOf(wide, hardware).filter((variant) => variant !== 'winograd'),
    );
    // few columns fill no wide tile, so there is nothing to choose
    const narrow = convGraph({ height: 200, width: 272, channels: 12, kernel: 1 }).nodes[0];
    expect(candidatesOf(narrow, hardware)).toEqual([]);
  });
});

function thisDevice({ capabilities }: GpuDevice): Target {
  return { capabilities, precision: 'f32' };
}

describe('tuner', () => {
  async function compile(tuner: Tuner, sizes?: Parameters<typeof convGraph>[0]) {
    const gpu = await testDevice();
    const graph = convGraph(sizes);
    const channels = sizes?.channels ?? 64;
    const weights = new Map([
      ['conv.weight', formula(channels * channels * 9, 1)],
      ['conv.bias', formula(channels, 2)],
    ]);
    const store = new ParameterStore(gpu, weights);
    const compiled = await CompiledGraph.create(graph, store, { label: 'tuned', tuner });
    const { spec } = graph.inputs.get('x')!;
    const x = toStored(spec, formula(20 * 24 * channels, 3));
    const { outputs, times } = await compiled.run({ x }, true);
    compiled.release();
    store.release();
    return { y: new Float32Array(outputs.get('y')!), kernels: times.map(({ kernel }) => kernel) };
  }

  test('a class that is met first is measured, and its fastest variant runs', async () => {
    const gpu = await testDevice();
    const told: string[] = [];
    const kept: [string, TunedChoice][][] = [];
    const tuner = new Tuner(gpu, {
      known: new Map(),
      budget: 60_000,
      tell: (name) => told.push(name),
      keep: async (choices) => void kept.push([...choices]),
    });
    await compile(tuner);
    const [[name, { variant, milliseconds }]] = [...tuner.measured];
    expect(name).toBe(classOf({}));
    expect(told).toEqual([name]);
    expect(kept).toEqual([[...tuner.measured]]);
    expect(new Set(Object.keys(milliseconds))).toEqual(new Set(candidatesOf(convGraph().nodes[0], thisDevice(gpu))));
    expect(Object.values(milliseconds).every((ms) => ms > 0 && Number.isFinite(ms))).toBe(true);
    expect(milliseconds[variant]).toBe(Math.min(...Object.values(milliseconds)));
    expect(tuner.milliseconds).toBeGreaterThan(0);
    await compile(tuner);
    expect([told, kept].map(({ length }) => length)).toEqual([1, 1]);
  });

  test('what is known is not measured, decides what runs, and changes nothing but rounding', async () => {
    const gpu = await testDevice();
    const results = [];
    for (const variant of candidatesOf(convGraph().nodes[0], thisDevice(gpu))) {
      const tuner = new Tuner(gpu, { known: new Map([[classOf({}), variant]]), budget: 60_000 });
      results.push(await compile(tuner));
      expect(tuner.measured.size).toBe(0);
      expect([...tuner.used]).toEqual([[classOf({}), variant]]);
    }
    expect(results.length).toBeGreaterThan(1);
    expect(results[0].kernels).not.toEqual(results[1].kernels);
    expectClose(results[1].y, results[0].y, 1e-3, 'another variant');
  });

  test('a variant that is none, and time that has run out, leave the usual choice', async () => {
    const gpu = await testDevice();
    const [usual] = candidatesOf(convGraph().nodes[0], thisDevice(gpu));
    const foreign = new Tuner(gpu, { known: new Map([[classOf({}), 'of another version']]), budget: 0 });
    await compile(foreign);
    expect([...foreign.used.values()]).toEqual([usual]);
    const tuner = new Tuner(gpu, { known: new Map(), budget: 1e-9 });
    await compile(tuner);
    await compile(tuner, { channels: 96 });
    expect([...tuner.measured.values()][1]).toEqual({ variant: expect.any(String), milliseconds: {} });
  });

  test('ops without a choice are let alone', async () => {
    const gpu = await testDevice();
    const graph = new Graph();
    const x = graph.input('x', featureMap([4, 8]));
    graph.output('y', graph.apply1(binary, [x, x], { function: 'add', activation: 'none' }));
    const tuner = new Tuner(gpu, { known: new Map(), budget: 1000 });
    await tuner.prepare(graph);
    expect(tuner.used.size).toBe(0);
    expect(tuner.variantOf(graph.nodes[0])).toBeUndefined();
  });
});
