import { describe, expect, it } from 'vitest';
import { floatPlanes, sampleOf, scene, torchvisionSample } from '../../src/bench/scenes';
import { rectangleOf } from '../../src/data/training/mask_bits';
import { expectSame } from '../helpers/compare';

describe('scenes to train on', () => {
  const made = scene(96, 70, 9);
  const { width, height } = made.image;
  const tensors = new Map(torchvisionSample(made, 3));
  const sample = sampleOf(made, 3);

  it('hold as many particles as asked for, and are the same each time', () => {
    expect(made.masks).toHaveLength(9);
    expectSame(scene(96, 70, 9).image.data, made.image.data);
  });

  it('give torchvision and ours the same image, boxes, labels and masks', () => {
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ['image3', [3, height, width]],
      ['boxes3', [9, 4]],
      ['labels3', [9]],
      ['masks3', [9, height, width]],
    ]);
    const data = (name: string): ArrayLike<number> => Array.from(tensors.get(name)!.data, Number);
    expectSame(data('boxes3'), sample.boxes);
    expectSame(data('labels3'), sample.labels);
    const pixels = height * width;
    const planes = Float32Array.from({ length: 3 * pixels }, (_, i) => {
      return sample.pixels[(i % pixels) * 3 + Math.floor(i / pixels)] / 255;
    });
    expectSame(data('image3'), planes);
    const bits = Uint8Array.from({ length: 9 * pixels }, (_, i) => {
      return bitOf(Math.floor(i / pixels), i % width, Math.floor((i % pixels) / width));
    });
    expectSame(data('masks3'), bits);
    expect(new Set(bits).size).toBe(2);
  });

  /** What ours has in its bits for a pixel of an object. */
  function bitOf(object: number, x: number, y: number): number {
    const { left, top, rowWords, rows, first } = rectangleOf(sample.placements, object);
    const [column, row] = [x - left, y - top];
    if (column < 0 || column >= rowWords * 32 || row < 0 || row >= rows) {
      return 0;
    }
    return (sample.words[first + row * rowWords + (column >>> 5)] >>> (column & 31)) & 1;
  }
});

describe('floatPlanes', () => {
  it('puts the channels one after the other', () => {
    const { shape, data } = floatPlanes({ width: 2, height: 1, data: Uint8Array.of(0, 51, 102, 153, 204, 255) });
    expect(shape).toEqual([3, 1, 2]);
    expectSame(Array.from(data, Number), Float32Array.of(0, 0.6, 0.2, 0.8, 0.4, 1));
  });
});
