import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../src/graph/differentiate';
import { Graph } from '../../src/graph/graph';
import type { Op } from '../../src/kernels/op';
import { dense } from '../../src/kernels/tensor';

/** Every op of src/kernels that a model may use: those that gradients flow through, and why none flows through the others. */
const DIFFERENTIABLE = [
  ...['avgPool2d', 'batchNorm', 'binary', 'boxLoss', 'classLoss', 'concat', 'conv2d', 'convTranspose2d', 'dropout'],
  ...['foldBatchNorm', 'frozenBatchNorm', 'gatherAnchors', 'gatherRows', 'groupNorm', 'linear', 'maskLoss', 'matmul'],
  ...['maxPool2d', 'meanOverImages', 'objectnessLoss', 'reshape', 'resize', 'roiAlign', 'slice', 'softmax', 'unary'],
  ...['upsampleAdd'],
];
const NOT_DIFFERENTIABLE: Readonly<Record<string, readonly string[]>> = {
  'has no input that a gradient could reach': ['anchorGrid', 'fill'],
  'prepares images': ['preprocessImage'],
  'chooses, orders or counts': [
    ...['appendObjects', 'batchedNms', 'matchBoxes', 'nms', 'sampleBalanced', 'sampleClasses', 'segmentLabels'],
    ...['sliceCount', 'sortDescending', 'stackLists', 'topK'],
  ],
  'makes targets, which are constants of the losses': ['encodeBoxes', 'maskTargets'],
  'makes results: boxes and masks for people': [
    ...['classMasks', 'decodeBoxes', 'pasteMasks', 'pasteToRle', 'rescaleBoxes', 'rleArea', 'rleBoundingBox'],
    ...['rleDecode', 'rleEncode', 'rleIou'],
  ],
  'is part of a gradient, and second derivatives are not needed': [
    ...['convDataGradient', 'convWeightGradient', 'normaliseGradient', 'sumColumns'],
  ],
  'updates states': ['accumulate', 'batchMoments'],
};
/** Folders of ops that come before a model or after its gradients: none of them has a backward. */
const WITHOUT_GRADIENTS = ['augment', 'optimizers'];

const KERNELS = join(import.meta.dirname, '../../src/kernels');
const FILES = readdirSync(KERNELS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function isOp(value: unknown): value is Op<unknown> {
  return typeof value === 'object' && value !== null && 'infer' in value && 'forward' in value && 'name' in value;
}

async function exportedOps(files: readonly string[]): Promise<Op<unknown>[]> {
  const modules = await Promise.all(files.map((file) => import(join(KERNELS, file)) as Promise<object>));
  const byName = new Map(
    modules.flatMap((module) => Object.values(module).filter(isOp)).map((op) => [op.name, op] as const),
  );
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

test('graphs built by hand have every op but those of training, and parts of gradients', async () => {
  const ofTraining = ['detection', 'losses', 'optimizers', 'accumulate.ts'];
  const files = FILES.filter((file) => !ofTraining.includes(file.split(sep)[0]));
  const names = (await exportedOps(files)).map(({ name }) => name);
  const exported = (await exportedOps(['index.ts'])).map(({ name }) => name);
  const partsOfGradients = Object.entries(NOT_DIFFERENTIABLE).find(([why]) => why.startsWith('is part of a gradient'));
  expect(exported).toEqual(names.filter((name) => !partsOfGradients![1].includes(name)));
});

describe('which ops have a gradient', async () => {
  const hasNone = (file: string): boolean => WITHOUT_GRADIENTS.includes(file.split(sep)[0]);
  const ops = await exportedOps(FILES.filter((file) => !hasNone(file) && file !== 'index.ts'));
  const others = await exportedOps(FILES.filter(hasNone));

  test('every op is listed, as what it is', async () => {
    for (const folder of WITHOUT_GRADIENTS) {
      const inFolder = await exportedOps(FILES.filter((file) => file.split(sep)[0] === folder));
      expect(inFolder, folder).not.toEqual([]);
    }
    expect(others.filter((op) => 'backward' in op)).toEqual([]);
    const without = Object.values(NOT_DIFFERENTIABLE).flat();
    expect(ops.filter((op) => 'backward' in op).map(({ name }) => name)).toEqual(DIFFERENTIABLE.toSorted());
    expect(ops.filter((op) => !('backward' in op)).map(({ name }) => name)).toEqual(without.toSorted());
  });

  test('an op that is exported nowhere is part of another', () => {
    const hidden = FILES.flatMap((file) => {
      const text = readFileSync(join(KERNELS, file), 'utf8');
      return [...text.matchAll(/^const (\w+): Op</gm)].map(([, name]) => name);
    });
    expect(hidden.filter((name) => !/Gradient$|^scatterAnchors$|^sumStretched$/.test(name))).toEqual([]);
  });

  test.each([...ops, ...others].filter((op) => !('backward' in op)))('$name on the way to a loss is named', (op) => {
    const graph = new Graph();
    const x = graph.state('x', dense([1]));
    // where boxes and the like are constants by definition, a value of another input
    const inputs = Array.from({ length: 8 }, (_, i) => (op.constants?.includes(i) ? null : x));
    const stub: Op<unknown> = { ...op, infer: () => [dense([1])] };
    const loss = graph.scope('heads', () => graph.apply1(stub, inputs, {}));
    expect(() => differentiate(graph, loss, [x])).toThrow(`heads: ${op.name} has no backward`);
  });
});

test('an input that a backward leaves out is named', () => {
  const forgetful: Op<unknown> = {
    name: 'forgetful',
    infer: ([x]) => [x!],
    forward: () => undefined,
    backward: (_, { gradients: [dy] }) => [dy, null],
  };
  const graph = new Graph();
  const [x, w] = [graph.input('x', dense([1])), graph.parameter('w', [1])];
  const loss = graph.scope('heads', () => graph.apply1(forgetful, [x, w], {}));
  expect(differentiate(graph, loss, [x])).toHaveLength(1);
  expect(() => differentiate(graph, loss, [x, w])).toThrow(
    'heads: the backward of forgetful gives no gradient for input 1',
  );
});
