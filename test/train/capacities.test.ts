import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/load';
import type { Annotation } from '../../src/eval/dataset';
import { capacityRemarks } from '../../src/train/capacities';

const settings = ['model.rpn.post_nms_top_n=300', 'model.box.detections_per_image=200', 'validate.max_detections=100'];
const { config } = resolveConfig('mask_rcnn_slim_particles', settings);

test('limits below the most objects of an image, each with its key', () => {
  expect(capacityRemarks(config, { maxObjects: 100 }, null)).toEqual([]);
  expect(capacityRemarks(config, { maxObjects: 201 }, null)).toEqual([
    'an image has 201 objects, and no more than 200 can be found: raise model.box.detections_per_image',
    'an image has 201 objects, and no more than 100 can be found: raise validate.max_detections',
  ]);
  expect(capacityRemarks(config, { maxObjects: 301 }, null)).toHaveLength(3);
  const asMany = resolveConfig('mask_rcnn_slim_particles', ['validate.max_detections=null']).config;
  expect(capacityRemarks(asMany, { maxObjects: 500 }, null)).toEqual([]);
});

test('images of the validation count too, each by itself', () => {
  const annotations = Array.from({ length: 240 }, (_, i) => ({ imageId: i % 2 }) as Annotation);
  const validation = { dataset: { images: [], categories: [], annotations } };
  expect(capacityRemarks(config, { maxObjects: 5 }, validation)).toEqual([
    'an image has 120 objects, and no more than 100 can be found: raise validate.max_detections',
  ]);
});
