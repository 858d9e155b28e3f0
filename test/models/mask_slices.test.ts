import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { rleArea, rleFromCoco } from '../../src/eval/rle';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { byteLength, dense, featureMap, product, toStored } from '../../src/kernels/tensor';
import type { MaskRcnnConfig } from '../../src/models/config';
import type { DetectedObject } from '../../src/models/detector';
import { maskRcnnGraph } from '../../src/models/mask_rcnn';
import { predictMasks } from '../../src/models/roi_heads';
import { expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';
import { bitsOf, nucleiImages, nucleiPixels, slimConfig, slimDetector, slimMissing } from './slim';

const variant = modelFixture<(ModelFixture & { config: MaskRcnnConfig })[]>('mask_rcnn_variants')[0];
const { config } = variant;
/** The largest map of its mask head is that of 11 channels, padded to 12, on 28 x 28 pixels. */
const DETECTION_BYTES = 28 * 28 * 12 * 4;

if (slimMissing !== undefined) {
  console.warn(slimMissing);
}
expectNoLeaks();

/** The lengths of the slices that a graph computes masks in. */
function sliceLengths({ nodes }: Graph): number[] {
  return nodes.filter(({ op }) => op.name === 'classMasks').map(({ outputs }) => outputs[0].spec.shape[0]);
}

/** Bytes of the largest tensor that the mask head's layers write. */
function largestMap({ nodes }: Graph): number {
  const layers = nodes.filter(({ scope }) => /^roi_heads\.mask_(roi_pool|head|predictor)/.test(scope));
  return Math.max(...layers.flatMap(({ outputs }) => outputs.map(({ spec }) => byteLength(spec))));
}

async function withCompiled<T>(graph: Graph, use: (compiled: CompiledGraph) => Promise<T>): Promise<T> {
  const store = new ParameterStore(await testDevice(), formulaWeights(config, variant));
  const compiled = await CompiledGraph.create(graph, store, { label: 'masks in slices' });
  try {
    return await use(compiled);
  } finally {
    compiled.release();
    store.release();
  }
}

describe('the masks of 10 detections', () => {
  const CAPACITY = 10;
  const maps = [12, 6, 3].map((side) => featureMap([1, side, side, config.fpn.channels]));
  const inputs = {
    boxes: Float32Array.from(Array.from({ length: CAPACITY }, (_, i) => [3 * i, 2 * i, 5 * i + 20, 4 * i + 35]).flat()),
    labels: Uint32Array.from({ length: CAPACITY }, (_, i) => 1 + (i % (config.classes - 1))),
    ...Object.fromEntries(maps.map((map, i) => [`x${i}`, toStored(map, formula(product(map.shape), i))])),
  };

  function headGraph(mapBytes?: number): Graph {
    const graph = new Graph();
    const features = maps.map((map, i) => graph.input(`x${i}`, map));
    const count = graph.input('count', dense([1], 'u32'));
    const boxes = graph.withCount(graph.input('boxes', dense([CAPACITY, 4])), count);
    const labels = graph.input('labels', dense([CAPACITY], 'u32'));
    graph.output('masks', predictMasks(graph, { boxes, labels, count }, features, config, mapBytes));
    return graph;
  }

  /** By the number of detections in use, the bits of their masks. */
  function masksByCount(graph: Graph): Promise<Map<number, Uint32Array>> {
    return withCompiled(graph, async (compiled) => {
      const masks = new Map<number, Uint32Array>();
      for (const count of [0, 2, 4, 7, 10]) {
        const { outputs } = await compiled.run({ ...inputs, count: Uint32Array.of(count) });
        masks.set(count, new Uint32Array(outputs.get('masks')!, 0, count * 28 * 28));
      }
      return masks;
    });
  }

  let whole: Map<number, Uint32Array>;
  beforeAll(async () => {
    const graph = headGraph();
    expect(sliceLengths(graph)).toEqual([CAPACITY]);
    whole = await masksByCount(graph);
    const masks = Array.from({ length: CAPACITY }, (_, i) => whole.get(10)!.subarray(i * 28 * 28, (i + 1) * 28 * 28));
    expect(new Set(masks.map((mask) => mask.join())).size).toBe(CAPACITY);
  });

  test.each([
    ['of equal length', 9 * DETECTION_BYTES, [5, 5]],
    ['with a shorter last one', 5 * DETECTION_BYTES - 1, [4, 4, 2]],
    ['with a last one of a single detection', 3 * DETECTION_BYTES, [3, 3, 3, 1]],
    ['of one detection, where not even that fits', DETECTION_BYTES - 1, Array<number>(10).fill(1)],
  ])('in slices %s are the same to the bit', async (_, mapBytes, lengths) => {
    const graph = headGraph(mapBytes);
    expect(sliceLengths(graph)).toEqual(lengths);
    expect(largestMap(graph)).toBe(lengths[0] * DETECTION_BYTES);
    for (const [count, masks] of await masksByCount(graph)) {
      expectSame(masks, whole.get(count)!, `${count} detections`);
    }
  });

  test('are in one slice up to the limit', () => {
    const graph = headGraph(CAPACITY * DETECTION_BYTES);
    expect(sliceLengths(graph)).toEqual([CAPACITY]);
    expect(graph.nodes).toHaveLength(headGraph().nodes.length);
  });
});

describe('the slices of a model', () => {
  const shape = { paddedHeight: 96, paddedWidth: 96, pixelBytes: 96 * 96 * 3, rleBytes: 2 ** 16 };
  const image = pattern({ height: 96, width: 96, seed: 3 });
  const inputs = {
    pixels: new Uint32Array(image.data.buffer as ArrayBuffer),
    imageInfo: Uint32Array.of(96, 96, 96, 96),
  };

  async function detections(scoreThreshold: number, mapBytes?: number): Promise<Record<string, Uint32Array>> {
    const graph = maskRcnnGraph({ ...config, box: { ...config.box, scoreThreshold } }, shape, mapBytes);
    expect(sliceLengths(graph)).toEqual(mapBytes === undefined ? [40] : [14, 14, 12]);
    const { outputs } = await withCompiled(graph, (compiled) => compiled.run(inputs));
    const [count, bytes] = ['count', 'rleTotal'].map((name) => new Uint32Array(outputs.get(name)!)[0]);
    const used: Record<string, number> = { boxes: count * 4, scores: count, labels: count, rleEnds: count };
    const words = Object.entries(used).map(([name, length]) => [name, new Uint32Array(outputs.get(name)!, 0, length)]);
    return { ...Object.fromEntries(words), rle: new Uint32Array(outputs.get('rle')!, 0, Math.ceil(bytes / 4)) };
  }

  test.each([
    ['fewer than a slice holds', 0.8, [1, 13]],
    ['in all of the slices', 0.05, [40, 40]],
  ])('objects %s have the same boxes and masks', async (_, scoreThreshold, [least, most]) => {
    const whole = await detections(scoreThreshold);
    expect(whole.labels.length).toBeGreaterThanOrEqual(least);
    expect(whole.labels.length).toBeLessThanOrEqual(most);
    expect(await detections(scoreThreshold, 16 * DETECTION_BYTES)).toEqual(whole);
  });

  test('of Mask R-CNN R50-FPN and slim let every device bind their maps', () => {
    const size = { ...shape, paddedHeight: 64, paddedWidth: 64 };
    const lengths = (name: string, detectionsPerImage: number): number[] => {
      const { model } = loadConfig(name);
      const box = { ...model.box, detectionsPerImage };
      const rpn = { ...model.rpn, postNmsTopN: 1000 };
      const graph = maskRcnnGraph({ ...model, box, rpn }, size);
      expect(largestMap(graph)).toBeLessThanOrEqual(134_217_728);
      return sliceLengths(graph);
    };
    expect(lengths('mask_rcnn_r50_fpn', 100)).toEqual([100]);
    expect(lengths('mask_rcnn_r50_fpn', 400)).toEqual([134, 134, 132]);
    expect(lengths('mask_rcnn_slim', 400)).toEqual([400]);
    expect(lengths('mask_rcnn_slim', 1000)).toEqual([500, 500]);
  });
});

test.skipIf(slimMissing !== undefined)(
  '1000 detections of real weights begin with the 600 that fit in a slice',
  async () => {
    const image = await nucleiPixels(nucleiImages()[0]);
    const detect = async (detectionsPerImage: number): Promise<DetectedObject[]> => {
      const rpn = { ...slimConfig.rpn, postNmsTopN: 1000, nmsThreshold: 1 };
      // every proposal is a detection
      const box = { ...slimConfig.box, scoreThreshold: 0, nmsThreshold: 1, detectionsPerImage };
      const detector = await slimDetector({ ...slimConfig, rpn, box });
      const { objects } = await detector.detect(image);
      detector.release();
      return objects;
    };
    const [inOne, inTwo] = [await detect(600), await detect(1000)];
    expect([inOne.length, inTwo.length]).toEqual([600, 1000]);
    expect(bitsOf(inTwo.slice(0, 600))).toBe(bitsOf(inOne));
    const areas = inTwo.slice(500).map(({ mask }) => rleArea(rleFromCoco(mask)));
    expect(areas.filter((area) => area > 0).length).toBeGreaterThan(250);
  },
);
