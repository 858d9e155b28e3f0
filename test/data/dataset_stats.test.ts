import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { suggestConfig } from '../../src/data/config_suggestion';
import { datasetStats } from '../../src/data/dataset_stats';
import type { Annotation, Dataset } from '../../src/eval/dataset';
import type { XywhBox } from '../../src/eval/rle';

function dataset(boxesOfImages: readonly (readonly XywhBox[])[], width = 1000, height = 500): Dataset {
  const annotations = boxesOfImages.flatMap((boxes, i) =>
    boxes.map((box): Omit<Annotation, 'id'> => ({ imageId: i, categoryId: 1, box, area: box[2] * box[3], isCrowd: false })),
  ); // prettier-ignore
  return {
    images: boxesOfImages.map((_, id) => ({ id, fileName: `${id}.png`, width, height })),
    categories: [{ id: 1, name: 'grain' }],
    annotations: annotations.map((annotation, id) => ({ ...annotation, id })),
  };
}

/** `count` squares of sides that grow geometrically from `small` to `large`. */
function squares(count: number, small: number, large: number): XywhBox[] {
  return Array.from({ length: count }, (_, i) => {
    const side = small * (large / small) ** (i / (count - 1));
    return [0, 0, side, side];
  });
}

describe('datasetStats', () => {
  const four: XywhBox[] = [
    [0, 0, 10, 20], // small, ratio 2
    [0, 0, 32, 32], // medium: 32x32 is not below 32x32
    [0, 0, 96, 96], // large: 96x96 is
    [0, 0, 40, 10], // small, ratio 0.25
  ];

  test('counts, shares, density by hand', () => {
    const stats = datasetStats(dataset([four, [], four.slice(0, 1)]));
    expect(stats).toMatchObject({ images: 3, objects: 5, crowds: 0, imagesWithoutObjects: 1 });
    expect(stats.objectsPerImage).toMatchObject({ min: 0, median: 1, max: 4, mean: 5 / 3 });
    expect(stats.imageSizes).toEqual([{ width: 1000, height: 500, images: 3 }]);
    expect(stats.sizeShares).toEqual({ small: 3 / 5, medium: 1 / 5, large: 1 / 5 });
    expect(stats.density?.perMegapixel).toBeCloseTo(5 / 1.5, 12);
    expect(stats.density?.covered).toBeCloseTo((200 + 1024 + 9216 + 400 + 200) / 1.5e6, 12);
    expect(stats.boxWidth).toMatchObject({ min: 10, median: 32, max: 96 });
    expect(stats.aspectRatio).toMatchObject({ min: 0.25, median: 1, max: 2 });
    expect(stats.categories).toEqual([{ id: 1, name: 'grain', objects: 5 }]);
  });

  test('crowds and boxes of nothing are left out; sizes may be unknown', () => {
    const { images, annotations, ...rest } = dataset([four]);
    const stats = datasetStats({
      ...rest,
      images: images.map((image) => ({ ...image, width: 0, height: 0 })),
      annotations: [
        ...annotations,
        { ...annotations[0], id: 10, isCrowd: true },
        { ...annotations[0], id: 11, box: [1, 1, 0, 5] },
      ],
    });
    expect(stats).toMatchObject({ objects: 4, crowds: 1, imageSizes: [], density: null });
  });

  test('nothing at all', () => {
    const stats = datasetStats(dataset([[]]));
    expect(stats).toMatchObject({
      objects: 0,
      size: null,
      aspectRatio: null,
      sizeShares: null,
      imagesWithoutObjects: 1,
    });
    expect(stats.density).toEqual({ perMegapixel: 0, covered: 0 });
  });
});

describe('suggestConfig', () => {
  const base = loadConfig('mask_rcnn_r50_fpn').model;

  test('anchors span the objects; the image keeps its size', () => {
    const suggestion = suggestConfig(dataset([squares(2001, 20, 400)]), base)!;
    expect(suggestion).toMatchObject({ minSize: 512, maxSize: 1024 });
    // 500 becomes 512: quantiles of 5 % and 95 % of a log-uniform distribution, in equal steps
    const [low, high] = [0.05, 0.95].map((at) => 20 * 20 ** at * 1.024);
    const step = (high / low) ** (1 / 4);
    suggestion.anchorSizes.forEach((size, level) => {
      const expected = Math.max(8 * 2 ** level, low * step ** level);
      expect(Math.abs(size - expected)).toBeLessThan(1);
    });
    expect(suggestion.fit).toBeGreaterThan(suggestion.baseFit);
  });

  test('small objects: enlarged up to twice; large ones in large images: reduced to 1333', () => {
    expect(suggestConfig(dataset([squares(100, 4, 8)]), base)).toMatchObject({ minSize: 992, maxSize: 1984 });
    expect(suggestConfig(dataset([squares(100, 10, 20)], 400, 400), base)!.minSize).toBeGreaterThan(500);
    const large = suggestConfig(dataset([squares(100, 300, 900)], 4000, 2000), base)!;
    expect(large).toMatchObject({ minSize: 672, maxSize: 1344 });
  });

  test('ratios: quantiles at 1/6, 1/2, 5/6, at least a factor of 1.5 apart, as many as the base has', () => {
    const tall = Array.from({ length: 999 }, (_, i): XywhBox => [0, 0, 20, 20 * 2 ** (4 * (i / 998))]);
    const expected = [1 / 6, 1 / 2, 5 / 6].map((at) => 2 ** (4 * at));
    suggestConfig(dataset([tall]), base)!.aspectRatios.forEach((ratio, i) => {
      expect(Math.abs(ratio / expected[i] - 1)).toBeLessThan(0.05);
    });
    expect(suggestConfig(dataset([squares(50, 20, 100)]), base)!.aspectRatios).toEqual([0.67, 1, 1.5]);
  });

  test("ratios: the base's own where they fit better", () => {
    // a tenth each very flat and very tall, which no quantile in the middle of a third sees
    const boxes = [...Array(10).keys()].map((i): XywhBox => {
      return [0, 0, ...(i === 0 ? [60, 15] : i === 9 ? [15, 60] : [30, 30])] as unknown as XywhBox;
    });
    const suggestion = suggestConfig(dataset([boxes]), base)!;
    expect(suggestion.aspectRatios).toEqual([0.5, 1, 2]);
  });

  test('detections: half as many again as the fullest image has, within what is possible', () => {
    const full = (count: number) => suggestConfig(dataset([squares(count, 20, 40), squares(3, 20, 40)]), base)!;
    expect(full(20)).toMatchObject({ detections: 100, proposals: 1000, isOverfull: false });
    expect(full(401)).toMatchObject({ detections: 650, proposals: 1300, isOverfull: false });
    expect(full(1001)).toMatchObject({ detections: 1550, proposals: 3100, isOverfull: false });
    expect(full(4096)).toMatchObject({ detections: 4096, proposals: 4096, isOverfull: false });
    expect(full(4097)).toMatchObject({ detections: 4096, proposals: 4096, isOverfull: true });
  });

  test('one anchor a level, a fit of 1 where all boxes are alike and an anchor is', () => {
    const alike = suggestConfig(
      dataset([Array.from({ length: 30 }, (): XywhBox => [0, 0, 100, 100])], 512, 512),
      base,
    )!;
    expect(alike.anchorSizes).toEqual([50, 71, 100, 141, 200]);
    expect(alike.fit).toBeCloseTo(1, 12);
  });

  test('without objects nothing follows', () => {
    expect(suggestConfig(dataset([[]]), base)).toBeNull();
  });
});
