import { describe, expect, test } from 'vitest';
import { anchorGrid, cellAnchors } from '../../src/kernels/anchors';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { runOp } from '../helpers/gpu';

interface Case {
  height: number;
  width: number;
  stride: [number, number];
  sizes: number[];
  ratios: number[];
}

describe.each(DEVICES.slice(0, 2))('anchors, $device', ({ changes }) => {
  for (const { name, attributes, outputs } of fixtures<Case>('anchors')) {
    test(name, async () => {
      const { height, width, stride, sizes, ratios } = attributes;
      const cells = cellAnchors(sizes, ratios);
      expectSame(cells.flat(), outputs.cells.data, 'cell anchors');
      const [anchors] = await runOp(asOn(anchorGrid, changes), [], { height, width, stride, cellAnchors: cells });
      expect(anchors.spec.shape).toEqual(outputs.anchors.shape);
      expectSame(anchors.values, outputs.anchors.data);
    });
  }

  test('refuses a fractional stride', async () => {
    const attributes = { height: 1, width: 1, stride: [4, 1.5], cellAnchors: [[-1, -1, 1, 1]] } as const;
    await expect(runOp(anchorGrid, [], attributes)).rejects.toThrow('strides must be whole numbers');
  });
});
