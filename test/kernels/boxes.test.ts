import { describe, expect, test } from 'vitest';
import { decodeBoxes, rescaleBoxes, type DecodeBoxesAttributes } from '../../src/kernels/boxes';
import { dense, featureMap } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { runOp, type TestTensor } from '../helpers/gpu';

type Case = { kind: 'decode'; op: DecodeBoxesAttributes } | { kind: 'rescale'; count: number };

function unsigned({ shape, data }: FixtureTensor): TestTensor {
  return { spec: dense(shape, 'u32'), values: Uint32Array.from(data) };
}

describe.each(DEVICES.slice(0, 2))('boxes, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of fixtures<Case>('boxes')) {
    const { info } = inputs;
    test(name, async () => {
      const { shape, data } = outputs.boxes;
      if (attributes.kind === 'decode') {
        const { deltas, references, indices, counts } = inputs;
        const [boxes] = await runOp(
          asOn(decodeBoxes, changes),
          [
            { spec: featureMap(deltas.shape), values: deltas.data },
            { spec: dense(references.shape), values: references.data },
            unsigned(indices),
            unsigned(counts),
            unsigned(info),
          ],
          attributes.op,
        );
        expect(boxes.spec.shape).toEqual(shape);
        expectClose(boxes.values, data, 1e-5);
        const [segments, k] = indices.shape;
        for (let s = 0; s < segments; s++) {
          const unused = boxes.values.subarray((s * k + counts.data[s]) * 4, (s + 1) * k * 4);
          expectSame(unused, new Float32Array(unused.length), `past the count of segment ${s}`);
        }
        return;
      }
      const source = inputs.boxes;
      const boxes = { spec: dense(source.shape), values: source.data, count: attributes.count };
      const [rescaled] = await runOp(asOn(rescaleBoxes, changes), [boxes, unsigned(info)], {});
      expect(rescaled.spec.shape).toEqual(source.shape);
      expectClose(rescaled.values.subarray(0, attributes.count * 4), data, 1e-6);
    });
  }
});
