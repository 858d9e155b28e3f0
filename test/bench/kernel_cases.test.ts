import { beforeAll, describe, expect, it } from 'vitest';
import { kernelCases, kindOf, type PhaseCases } from '../../src/bench/kernels/cases';
import { inputValues } from '../../src/bench/kernels/values';
import { workOf } from '../../src/bench/kernels/time_case';
import { PHASES, WORKLOADS, workloadNodes, type Phase } from '../../src/bench/kernels/workloads';
import type { Capabilities } from '../../src/gpu/capabilities';
import { aloneInGraph } from '../../src/graph/alone';
import { shapeClass } from '../../src/graph/tuning';
import { dense } from '../../src/kernels/tensor';

let phases: PhaseCases[] = [];

beforeAll(() => {
  phases = kernelCases(WORKLOADS.flatMap((workload) => workloadNodes(workload, 2 ** 27)));
});

function phaseOf(model: string, phase: Phase): PhaseCases {
  return phases.find((one) => one.workload.id === model && one.phase === phase)!;
}

/** How many nodes of an op a phase has, by the shape of one of their tensors. */
function count(
  model: string,
  phase: Phase,
  op: string,
  shape: 'inputs' | 'outputs' = 'outputs',
): { readonly total: number; readonly byShape: Record<string, number> } {
  const byShape: Record<string, number> = {};
  for (const { case: one, layers } of phaseOf(model, phase).occurrences) {
    if (one.node.op.name === op) {
      const key = one.node[shape][0]!.spec.shape.join('x');
      byShape[key] = (byShape[key] ?? 0) + layers.length;
    }
  }
  return { total: Object.values(byShape).reduce((a, b) => a + b, 0), byShape };
}

const [INFERENCE, FORWARD, BACKWARD] = PHASES;

describe('cases of Mask R-CNN R50-FPN on an image of 1333 x 800', () => {
  it('has every convolution of the model in inference, on maps of 1344 x 800', () => {
    // 53 of the body, 8 of the FPN, 3 of the RPN on 5 levels, 4 of the mask head
    const { total, byShape } = count('r50', INFERENCE, 'conv2d');
    expect(total).toBe(53 + 8 + 15 + 4);
    expect(byShape).toMatchObject({
      '1x400x672x64': 1,
      '1x200x336x3': 1,
      '1x13x21x12': 1,
      '1x25x42x2048': 4,
      '100x14x14x256': 4,
    });
    expect(count('r50', INFERENCE, 'linear').byShape).toEqual({ '1000x1024': 2, '1000x91': 1, '1000x364': 1 });
    expect(count('r50', INFERENCE, 'convTranspose2d').byShape).toEqual({ '100x28x28x256': 1 });
  });

  it('trains on 512 boxes and up to 128 masks', () => {
    expect(count('r50', FORWARD, 'roiAlign').byShape).toEqual({ '512x7x7x256': 1, '128x14x14x256': 1 });
    expect(count('r50', FORWARD, 'linear').byShape).toEqual({ '512x1024': 2, '512x91': 1, '512x364': 1 });
    expect(count('r50', FORWARD, 'sampleBalanced').byShape).toEqual({ '256': 1, '512': 1 });
  });

  it('has a weight gradient of every convolution that trains, conv1 and layer1 being frozen', () => {
    // layer2 to layer4 with their shortcuts, the FPN, the RPN on each level, the mask head with its transposed one
    const trained = 4 * 3 + 1 + (6 * 3 + 1) + (3 * 3 + 1) + 8 + 3 * 5 + 4 + 1 + 1;
    expect(count('r50', BACKWARD, 'convWeightGradient').total).toBe(trained);
    expect(count('r50', BACKWARD, 'linearWeightGradient').total).toBe(4);
    expect(count('r50', BACKWARD, 'linearDataGradient').total).toBe(4);
    // fewer data gradients: what reads layer1 (two of layer2, one of the FPN) needs none, the transposed one has a convolution
    expect(count('r50', BACKWARD, 'convDataGradient').total).toBe(trained - 3 - 1);
    // each parameter once: weights of 42 convolutions of the body, and 8 + 3 + 6 + 4 layers with a bias
    expect(count('r50', BACKWARD, 'accumulate', 'inputs').total).toBe(42 + 2 * (8 + 3 + 6 + 4));
    expect(count('r50', BACKWARD, 'updateParameters', 'inputs').total).toBeGreaterThan(0);
  });

  it('leaves out what is computed once, in inference the folding of BatchNorms, in training the anchors alone', () => {
    expect(count('r50', INFERENCE, 'foldBatchNorm').total).toBe(0);
    expect(count('r50', FORWARD, 'foldBatchNorm').total).toBe(42);
    expect(
      phases.flatMap(({ occurrences }) => occurrences).filter((one) => one.case.node.op.name === 'anchorGrid'),
    ).toEqual([]);
  });

  it('shares the cases that inference and training have in common', () => {
    const [inference, forward] = [INFERENCE, FORWARD].map((phase) =>
      phaseOf('r50', phase).occurrences.find((one) => one.layers.some((layer) => layer.endsWith('body.conv1'))),
    );
    expect(inference?.case.node.op.name).toBe('conv2d');
    expect(forward?.case).toBe(inference?.case);
  });
});

describe('cases of the slim model', () => {
  it('are those of its own configuration', () => {
    expect(count('slim', INFERENCE, 'roiAlign').byShape).toEqual({ '500x7x7x64': 1, '400x14x14x64': 1 });
    expect(count('slim', FORWARD, 'roiAlign').byShape).toEqual({ '256x7x7x64': 1, '64x14x14x64': 1 });
  });
});

describe('work of a case', () => {
  const llvmpipe: Capabilities = {
    software: true,
    subgroupSize: 8,
    subgroupMaxSize: 8,
    subgroupMatrices: [],
    timestamps: true,
    f16: false,
    maxWorkgroupSize: 1024,
    maxWorkgroupMemory: 32768,
    maxWorkgroupsPerDimension: 65535,
    maxBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 31,
    maxStorageBuffers: 10,
  };

  it('counts the arithmetic of the direct algorithm and the tensors read and written once', () => {
    const { occurrences } = phaseOf('r50', INFERENCE);
    const layer = (name: string): (typeof occurrences)[number] =>
      occurrences.find(({ layers }) => layers.includes(name))!;
    const head = workOf(layer('rpn.level0.rpn.head.conv.0.0').case, llvmpipe);
    expect(head.flops).toBeCloseTo(2 * 200 * 336 * 256 * 256 * 9, -3);
    expect(head.bytes).toBe(4 * (2 * 200 * 336 * 256 + 256 * 256 * 9 + 256));
    expect(head.kernels).toEqual(['winograd/input', 'gemm/panel', 'winograd/output']);
    const { flops, bytes, dispatches } = workOf(layer('roi_heads.box_head.fc7').case, llvmpipe);
    expect({ flops, bytes, dispatches }).toEqual({
      flops: 2 * 1000 * 1024 * 1024,
      bytes: 4 * (2 * 1000 * 1024 + 1024 * 1024 + 1024),
      dispatches: 1,
    });
  });

  it('packs weights in each step where they train, once where they do not', () => {
    const kernels = (phase: Phase, layer: string): readonly string[] =>
      workOf(phaseOf('r50', phase).occurrences.find(({ layers }) => layers.includes(layer))!.case, llvmpipe).kernels;
    const trained = 'roi_heads.box_head.fc7';
    expect([INFERENCE, FORWARD].map((phase) => kernels(phase, trained).includes('gemm/pack'))).toEqual([false, true]);
    const frozen = 'backbone.body.layer1.0.conv1';
    expect([INFERENCE, FORWARD].map((phase) => kernels(phase, frozen).includes('gemm/pack'))).toEqual([false, false]);
  });

  it('is that of the shape class that the phase has, so that a tuner chooses as for a run', () => {
    const classes = new Map<Phase, Set<string>>();
    for (const { phase, occurrences } of phases) {
      const ofPhase = new Set<string>();
      for (const { node } of occurrences.map((one) => one.case)) {
        if (node.op.candidates !== undefined) {
          ofPhase.add(shapeClass(node));
          expect(shapeClass(aloneInGraph(node).node)).toBe(shapeClass(node));
        }
      }
      classes.set(phase, new Set([...(classes.get(phase) ?? []), ...ofPhase]));
    }
    expect([...classes.get(FORWARD)!].some((name) => !classes.get(INFERENCE)!.has(name))).toBe(true);
  });

  it('counts a slice by what it writes, and a state that is overwritten twice', () => {
    const forward = phaseOf('r50', FORWARD).occurrences.find((one) => one.case.node.op.name === 'slice')!;
    expect(workOf(forward.case, llvmpipe).bytes).toBe(2 * 128 * 4 * 4);
    const update = phaseOf('slim', BACKWARD).occurrences.find((one) => one.case.node.op.name === 'updateParameters')!;
    const [parameters] = update.case.node.inputs[0]!.spec.shape;
    // gradients read, parameters and momentum read and written
    expect(workOf(update.case, llvmpipe).bytes).toBe(5 * 4 * parameters);
  });

  it('knows what each op is', () => {
    expect(
      ['conv2d', 'convWeightGradient', 'linearWeightGradient', 'linearDataGradient', 'unaryGradient', 'nms'].map(
        kindOf,
      ),
    ).toEqual([
      'convolution',
      'weight gradient',
      'weight gradient',
      'linear',
      'element-wise and copies',
      'lists, boxes, masks',
    ]);
  });
});

describe('values', () => {
  const scene = { source: { height: 520, width: 696 }, resized: { height: 320, width: 428 } };

  it('of boxes lie in the image, and have an area', () => {
    const boxes = inputValues('roiAlign', 0, [dense([300, 4])], scene);
    expect(boxes).toHaveLength(1200);
    for (let i = 0; i < boxes.length; i += 4) {
      const [x1, y1, x2, y2] = boxes.subarray(i);
      expect(x1 >= 0 && y1 >= 0 && x2 <= 428 && y2 <= 320 && x2 - x1 >= 15 && y2 - y1 >= 15).toBe(true);
    }
  });

  it('of indices are distinct and within what they point into', () => {
    const specs = [dense([5, 1000, 4]), dense([700], 'u32')];
    const indices = inputValues('gatherRows', 1, specs, scene);
    expect(new Set(indices).size).toBe(700);
    expect(Math.max(...indices)).toBeLessThan(5000);
  });

  it('of counts are full, each list by itself', () => {
    const specs = [dense([1, 2000, 4]), dense([1], 'u32'), dense([1, 819, 4]), dense([1], 'u32')];
    expect([1, 3].map((i) => [...inputValues('stackLists', i, specs, scene)])).toEqual([[2000], [819]]);
    const lists = [dense([5, 1000, 4]), dense([5, 1000]), dense([5], 'u32')];
    expect([...inputValues('nms', 2, lists, scene)]).toEqual([1000, 1000, 1000, 1000, 1000]);
    const scores = inputValues('nms', 1, lists, scene);
    expect(scores.every((score, i) => i % 1000 === 0 || score < scores[i - 1])).toBe(true);
  });
});
