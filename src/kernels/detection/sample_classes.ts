import classesSource from '../../../shaders/detection/classes.wgsl';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';

/**
 * What class each sample is to be trained on.
 * Inputs: samples u32 [S], indices of candidates; their count u32 [1]; matches i32 [N] from matchBoxes; objects' labels
 * u32 [G], from 1. Outputs, u32 [S]: labels, 0 for background; objects' indices, 0 for background. Zeros past the count.
 */
export const sampleClasses: Op<Record<string, never>> = {
  name: 'sampleClasses',
  infer([samples, count, matches, labels]) {
    if (
      samples?.shape.length !== 1 ||
      count?.shape.join() !== '1' ||
      matches?.dtype !== 'i32' ||
      labels?.dtype !== 'u32'
    ) {
      throw new ShapeError('sampleClasses: samples must be [S] with a count [1], matches i32 and labels u32');
    }
    const list = dense(samples.shape, 'u32');
    return [list, list];
  },
  forward(context, inputs, [labels, objects]) {
    const operand = (index: number, element: string) => read(required(inputs, index, 'sampleClasses'), element);
    dispatchItems(context, labels.spec.shape[0], {
      kernel: 'detection/classes',
      source: classesSource,
      bindings: {
        samples: operand(0, 'u32'),
        count: operand(1, 'u32'),
        matches: operand(2, 'i32'),
        object_labels: operand(3, 'u32'),
        labels: write(labels, 'u32'),
        objects: write(objects, 'u32'),
      },
    });
  },
};
