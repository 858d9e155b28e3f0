import { describe, expect, test } from 'vitest';
import { backpropagate } from '../../src/graph/differentiate';
import type { Graph, Tensor } from '../../src/graph/graph';
import { gatherAnchors } from '../../src/kernels/detection/gather_anchors';
import { maskTargets } from '../../src/kernels/detection/mask_targets';
import { boxLoss } from '../../src/kernels/losses/box_loss';
import { classLoss } from '../../src/kernels/losses/class_loss';
import { maskLoss } from '../../src/kernels/losses/mask_loss';
import { meanOverImages } from '../../src/kernels/losses/mean_over_images';
import { objectnessLoss } from '../../src/kernels/losses/objectness_loss';
import type { Op } from '../../src/kernels/op';
import { dense, featureMap } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectCentralDifferences } from '../helpers/gradient';
import { runGraph, runOp, type OutputValues, type TestTensor } from '../helpers/gpu';
import { mapInput, unpad } from '../helpers/layouts';

type Case =
  | { kind: 'rpn'; images: number; levels: number; positives: number[]; counts: number[] }
  | { kind: 'boxes'; count: number; positives: number }
  | { kind: 'masks'; positives: number; size: number; classes: number; image: [number, number]; scale: number };

const CASES = fixtures<Case>('detection_losses');
/** Of the losses of a case in the sum whose gradients the reference has. */
const WEIGHTS = [0.75, -1.5];
const BOUND = 2e-5;

function list(values: ArrayLike<number>): TestTensor {
  return { spec: dense([values.length], 'u32'), values: Uint32Array.from(values) };
}

function matrix({ shape, data }: FixtureTensor, layout: 'dense' | 'channels4'): TestTensor {
  return { spec: { shape, dtype: 'f32', layout }, values: data };
}

/** Runs a graph of losses; their gradients by the f32 inputs at `targets`, for WEIGHTS, come after them. */
async function runLosses(
  inputs: readonly TestTensor[],
  targets: readonly number[],
  build: (graph: Graph, tensors: Tensor[]) => Tensor[],
): Promise<{ losses: OutputValues[]; gradients: OutputValues[] }> {
  const weights = WEIGHTS.map((w): TestTensor => ({ spec: dense([1]), values: Float32Array.of(w) }));
  let count = 0;
  const outputs = await runGraph(
    [...inputs, ...weights],
    (graph, tensors) => {
      const all = tensors as Tensor[];
      const losses = build(graph, all);
      count = losses.length;
      const weighted = losses.map((loss, i) => [loss, all[inputs.length + i]] as const);
      const of = targets.map((i) => all[i]);
      return [...losses, ...backpropagate(graph, weighted, of)];
    },
    { stored: true },
  );
  return { losses: outputs.slice(0, count), gradients: outputs.slice(count) };
}

/** A loss of f32 [1] as it lies in memory. */
function expectLosses(losses: readonly OutputValues[], expected: FixtureTensor, name: string): void {
  losses.forEach(({ values }, i) =>
    expectClose(values.subarray(0, 1), [expected.data[i]], BOUND, `${name}, loss ${i}`),
  );
}

describe.each(DEVICES.slice(0, 2))('losses, $device', ({ changes }) => {
  const on = <A>(op: Op<A>): Op<A> => asOn(op, changes);

  for (const { name, attributes, inputs, outputs } of CASES) {
    if (attributes.kind === 'rpn') {
      test(name, async () => {
        const { images, levels, positives, counts } = attributes;
        const operands: TestTensor[] = [];
        const roles: string[] = [];
        for (let image = 0; image < images; image++) {
          operands.push(
            list(inputs[`samples${image}`].data),
            matrix(inputs[`targets${image}`], 'dense'),
            list([counts[image]]),
            list([positives[image]]),
          );
          roles.push(...new Array<string>(4).fill(''));
          for (let level = 0; level < levels; level++) {
            for (const role of ['logits', 'deltas'].map((kind) => `${kind}${image}_${level}`)) {
              operands.push(mapInput(inputs[role]));
              roles.push(role);
            }
          }
        }
        const maps = [...roles.keys()].filter((i) => roles[i] !== '');
        const { losses, gradients } = await runLosses(operands, maps, (graph, tensors) => {
          const objectness: Tensor[] = [];
          const boxes: Tensor[] = [];
          for (let image = 0; image < images; image++) {
            const first = image * (4 + 2 * levels);
            const [samples, targets, count, positive, ...heads] = tensors.slice(first, first + 4 + 2 * levels);
            const [logits, deltas] = graph.apply(on(gatherAnchors), [samples, count, ...heads], {});
            objectness.push(graph.apply1(on(objectnessLoss), [logits, count, positive], {}), count);
            boxes.push(graph.apply1(on(boxLoss), [deltas, targets, positive, null], {}), count);
          }
          return [objectness, boxes].map((sums) => graph.apply(on(meanOverImages), sums, { itemTerms: 1 })[0]);
        });
        expectLosses(losses, outputs.losses, name);
        gradients.forEach(({ spec, values }, i) => {
          const role = roles[maps[i]];
          const { shape, data } = outputs[`d_${role}`];
          expectClose(unpad(spec, values, role), toNhwc(data as Float32Array, shape), BOUND, `${name}, d_${role}`);
        });
      });
    }
    if (attributes.kind === 'boxes') {
      for (const layout of ['channels4', 'dense'] as const) {
        test(`${name} ${layout}`, async () => {
          const { count, positives } = attributes;
          // what lies past the count, and what the loss does not use, is not looked at
          const spoiled = ({ shape, data }: FixtureTensor, used: number): FixtureTensor => ({
            shape,
            data: (data as Float32Array).map((v, i) => (i < used * shape[1] ? v : NaN)),
          });
          const operands = [
            matrix(spoiled(inputs.logits, count), layout),
            matrix(spoiled(inputs.deltas, positives), layout),
            matrix(spoiled(inputs.targets, positives), 'dense'),
            list(inputs.labels.data),
            list([count]),
            list([positives]),
          ];
          const { losses, gradients } = await runLosses(operands, [0, 1], (graph, tensors) => {
            const [logits, deltas, targets, labels, used, positive] = tensors;
            return [
              graph.apply1(on(classLoss), [logits, labels, used], {}),
              graph.apply1(on(boxLoss), [deltas, targets, positive, labels], {}),
            ].map((sum) => graph.apply(on(meanOverImages), [sum, used], { itemTerms: 1 })[0]);
          });
          expectLosses(losses, outputs.losses, name);
          ['d_logits', 'd_deltas'].forEach((role, i) => {
            const { spec, values } = gradients[i];
            expectClose(unpad(spec, values, role), outputs[role].data, BOUND, `${name}, ${role}`);
          });
        });
      }
    }
    if (attributes.kind === 'masks') {
      test.each(['whole images', 'rectangles'])(`${name}, of %s`, async (kind) => {
        const { positives, size, classes, image, scale } = attributes;
        const [capacity] = inputs.boxes.shape;
        const { placements, words } = packMasks(inputs.masks.data, image, kind === 'rectangles');
        const shape = [capacity, classes, size, size];
        const logits = formula(capacity * classes * size * size, 5).map((v) => v * scale);
        const operands = [
          { spec: featureMap([capacity, size, size, classes]), values: toNhwc(logits, shape) },
          matrix(inputs.boxes, 'dense'),
          list(inputs.objects.data),
          list(inputs.labels.data),
          list([positives]),
          { spec: dense([placements.length / 5, 5], 'u32'), values: Uint32Array.from(placements) },
          list(words),
          list([1, 1, ...image]),
        ];
        const { losses, gradients } = await runLosses(operands, [0], (graph, tensors) => {
          const [maps, boxes, objects, labels, positive, places, bits, info] = tensors;
          const targets = graph.apply1(on(maskTargets), [boxes, objects, positive, places, bits, info], { size });
          const sum = graph.apply1(on(maskLoss), [maps, targets, labels, positive], {});
          return [graph.apply(on(meanOverImages), [sum, positive], { itemTerms: size * size })[0]];
        });
        const [wanted] = await runOp(
          on(maskTargets),
          [operands[1], operands[2], operands[4], operands[5], operands[6], operands[7]],
          { size },
        );
        const used = positives * size * size;
        expectClose(wanted.values.subarray(0, used), outputs.targets.data, 2e-5, `${name}, targets`);
        expectSame(wanted.values.subarray(used), new Float32Array(capacity * size * size - used), 'past the count');
        expectLosses(losses, outputs.loss, name);
        const expected = new Float32Array(logits.length);
        expected.set(outputs.d_logits.data);
        const values = unpad(gradients[0].spec, gradients[0].values, name);
        expectClose(values, toNhwc(expected, shape), BOUND, `${name}, d_logits`);
      });
    }
  }
});

/** Bits of masks [G, H, W], eight to a byte, as maskTargets takes them. */
function packMasks(
  bytes: ArrayLike<number>,
  [height, width]: readonly [number, number],
  cropped: boolean,
): { placements: number[]; words: number[] } {
  const placements: number[] = [];
  const words: number[] = [];
  const count = Math.floor((bytes.length * 8) / (height * width));
  for (let g = 0; g < count; g++) {
    const pixel = (x: number, y: number): number => {
      const at = (g * height + y) * width + x;
      return x < width ? (bytes[at >> 3] >> (at & 7)) & 1 : 0;
    };
    const inside: [number, number][] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!cropped || pixel(x, y) === 1) {
          inside.push([x, y]);
        }
      }
    }
    const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const rowWords = Math.ceil((Math.max(...xs) + 1 - left) / 32);
    const rows = Math.max(...ys) + 1 - top;
    placements.push(left, top, rowWords, rows, words.length);
    for (let y = top; y < top + rows; y++) {
      for (let word = 0; word < rowWords; word++) {
        let bits = 0;
        for (let k = 0; k < 32; k++) {
          bits |= pixel(left + word * 32 + k, y) << k;
        }
        words.push(bits >>> 0);
      }
    }
  }
  return { placements, words };
}

/** Each loss with inputs that it accepts; its first input holds what is differentiated. */
const LOSSES: [string, Op<Record<string, never>>, TestTensor, TestTensor[]][] = [
  ['objectness', objectnessLoss, { spec: dense([9]), values: formula(9, 1) }, [list([7]), list([3])]],
  [
    'boxes',
    boxLoss,
    { spec: featureMap([5, 12]), values: formula(60, 2) },
    [{ spec: dense([5, 4]), values: formula(20, 3) }, list([3]), list([2, 1, 0, 1, 2])],
  ],
  [
    'classes',
    classLoss,
    { spec: featureMap([5, 3]), values: formula(15, 4).map((v) => v * 3) },
    [list([2, 1, 0, 0, 2]), list([4])],
  ],
  [
    'masks',
    maskLoss,
    { spec: featureMap([3, 4, 4, 2]), values: formula(96, 5).map((v) => v * 3) },
    [{ spec: dense([3, 4, 4]), values: formula(48, 6).map((v) => (v + 1) / 2) }, list([1, 0, 1]), list([2])],
  ],
];

test.each(LOSSES)('central differences: %s', async (_, op, x, others) => {
  await expectCentralDifferences(op, [x, ...others], {}, 1e-3, { wanted: [0] });
});

test('losses of what is nearly right keep their digits', async () => {
  for (const gap of [2, 3.4, 3.6, 6, 12, 20]) {
    const exact = [Math.log1p(Math.exp(-gap))];
    const logits = { spec: dense([2]), values: Float32Array.of(gap, -gap) };
    const [objectness] = await runOp(objectnessLoss, [logits, list([2]), list([1])], {});
    expectClose(objectness.values, [2 * exact[0]], 1e-5, `objectness, ${gap}`);
    const row = { spec: dense([1, 2]), values: Float32Array.of(1, 1 + gap) };
    const [classes] = await runOp(classLoss, [row, list([1]), list([1])], {});
    expectClose(classes.values, exact, 1e-5, `classes, ${gap}`);
  }
});

/** Bits, since a compiler may reckon that there is no NaN. */
function isNan(value: number): boolean {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  return (bits & 0x7f800000) === 0x7f800000 && (bits & 0x7fffff) !== 0;
}

describe.each(DEVICES.slice(0, 2))('what is not finite, $device', ({ changes }) => {
  // a place in use, of the sample's class; the last is out of use
  const places: Record<string, { used: number; unused: number }> = {
    objectness: { used: 5, unused: 8 },
    boxes: { used: 9, unused: 59 },
    classes: { used: 4, unused: 14 },
    masks: { used: 3, unused: 95 },
  };

  test.each(LOSSES)('%s', async (name, op, x, others) => {
    const run = async (at: number, value: number): Promise<number> => {
      const values = (x.values as Float32Array).slice();
      values[at] = value;
      const [loss] = await runOp(asOn(op, changes), [{ ...x, values }, ...others], {});
      return loss.values[0];
    };
    const [finite] = (await runOp(op, [x, ...others], {})).map(({ values }) => values[0]);
    expect(finite).toBeGreaterThan(0);
    for (const value of [NaN, -NaN, Infinity, -Infinity]) {
      expect(isNan(await run(places[name].used, value)), `${value} in use`).toBe(true);
      expectClose([await run(places[name].unused, value)], [finite], 1e-6, `${value} out of use`);
    }
  });
});

test('the mean of many images, and of none with samples', async () => {
  const sums = Array.from({ length: 7 }, (_, i) => ({ spec: dense([1]), values: Float32Array.of(i + 0.5) }));
  const mean = async (counts: readonly number[]): Promise<number[]> => {
    const inputs = sums.flatMap((sum, i) => [
      counts[i] === 0 ? { ...sum, values: Float32Array.of(0) } : sum,
      list([counts[i]]),
    ]);
    const outputs = await runOp(meanOverImages, inputs, { itemTerms: 4 });
    return outputs.map(({ values }) => values[0]);
  };
  expectClose(await mean([1, 2, 3, 4, 5, 6, 7]), [24.5 / 112, 112], 1e-6);
  expectClose(await mean([0, 0, 0, 0, 0, 0, 0]), [0, 1], 1e-6);
});

test('what does not fit is refused', () => {
  const one = dense([1], 'u32');
  expect(() => boxLoss.infer([dense([5, 8]), dense([5, 4]), one, null], {})).toThrow('several groups');
  expect(() => classLoss.infer([dense([5, 3]), dense([4], 'u32'), one], {})).toThrow('labels [S]');
  expect(() => maskLoss.infer([featureMap([3, 4, 4, 2]), dense([3, 4, 5]), dense([3], 'u32'), one], {})).toThrow('map');
  expect(() => meanOverImages.infer([dense([1])], { itemTerms: 1 })).toThrow('of each image');
  const map = featureMap([1, 2, 3, 3]);
  expect(() => gatherAnchors.infer([dense([4], 'u32'), one, map, map], {})).toThrow('[1, 2, 3, 12] is needed');
});
