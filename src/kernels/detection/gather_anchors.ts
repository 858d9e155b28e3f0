import gatherSource from '../../../shaders/detection/gather_anchors.wgsl';
import scatterSource from '../../../shaders/detection/scatter_anchors.wgsl';
import { u32 } from '../../gpu/kernel';
import { fillWith } from '../fill';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense, featureMap, pitch, product } from '../tensor';

/**
 * The RPN head's outputs for sampled anchors. Anchors are numbered as in torchvision: level by level, then by y, x and
 * anchor of the cell.
 *
 * Inputs: samples u32 [S], distinct, their count u32 [1]; then for each level logits [1, H, W, A] and deltas
 * [1, H, W, A * 4], channels4. Outputs: logits f32 dense [S], deltas f32 dense [S, 4], zeros past the count.
 */
export const gatherAnchors: Op<Record<string, never>> = {
  name: 'gatherAnchors',
  infer(inputs) {
    const [samples, count, ...maps] = inputs.map((_, i) => required(inputs, i, 'gatherAnchors'));
    if (samples.shape.length !== 1 || count.shape.join() !== '1' || maps.length === 0 || maps.length % 2 !== 0) {
      throw new ShapeError('gatherAnchors: needs samples [S], their count [1], and logits and deltas of each level');
    }
    maps.forEach(({ shape, layout }, i) => {
      const [n, height, width, channels] = maps[i - (i % 2)].shape;
      const needed = [n, height, width, i % 2 === 0 ? channels : channels * 4];
      if (n !== 1 || layout !== 'channels4' || shape.join() !== needed.join()) {
        throw new ShapeError(`gatherAnchors: map ${i} is [${shape.join(', ')}], [${needed.join(', ')}] is needed`);
      }
    });
    return [dense(samples.shape), dense([samples.shape[0], 4])];
  },
  forward(context, inputs, [sampleLogits, sampleDeltas]) {
    const [samples, count, ...maps] = inputs.map((_, i) => required(inputs, i, 'gatherAnchors'));
    firstAnchors(maps.map(({ spec }) => spec.shape)).forEach((first, level) => {
      const [logits, deltas] = maps.slice(level * 2);
      dispatchItems(context, samples.spec.shape[0], {
        kernel: `detection/gather_anchors${level === 0 ? ' first' : ''}`,
        source: gatherSource,
        defines: { FIRST: level === 0 },
        bindings: {
          samples: read(samples, 'u32'),
          count: read(count, 'u32'),
          logits: read(logits, 'f32'),
          deltas: read(deltas, 'vec4f'),
          sample_logits: write(sampleLogits, 'f32'),
          sample_deltas: write(sampleDeltas, 'vec4f'),
        },
        params: {
          first: u32(first),
          anchors: u32(product(logits.spec.shape)),
          per_cell: u32(logits.spec.shape[3]),
          pitch: u32(pitch(logits.spec)),
        },
      });
    });
  },
  backward(build, { inputs, gradients, wanted }) {
    const [samples, count, ...maps] = inputs.map((_, i) => required(inputs, i, 'gatherAnchors'));
    const starts = firstAnchors(maps.map(({ spec }) => spec.shape));
    return inputs.map((_, i) => {
      const dy = gradients[i % 2];
      if (i < 2 || !wanted[i]) {
        return null;
      }
      const [level, shape] = [(i - 2) >> 1, maps[i - 2].spec.shape];
      return build.apply1(scatterAnchors, [samples, count, dy], { shape, first: starts[level], deltas: i % 2 === 1 });
    });
  },
};

/** The number of each level's first anchor, from the shapes of logits and deltas in turn. */
function firstAnchors(shapes: readonly (readonly number[])[]): number[] {
  const starts: number[] = [];
  let next = 0;
  for (let i = 0; i < shapes.length; i += 2) {
    starts.push(next);
    next += product(shapes[i]);
  }
  return starts;
}

/**
 * A map of zeros but for the samples' gradients. Inputs: samples, count, dy [S] or [S, 4] (null: zeros).
 * The samples are distinct, so that no two write to one place.
 */
const scatterAnchors: Op<{ shape: readonly number[]; first: number; deltas: boolean }> = {
  name: 'scatterAnchors',
  infer: (_, { shape }) => [featureMap(shape)],
  forward(context, inputs, [map], { shape, first, deltas }) {
    fillWith(context, map, 0);
    const dy = inputs[2] ?? null;
    if (dy === null) {
      return;
    }
    const element = deltas ? 'vec4f' : 'f32';
    dispatchItems(context, dy.spec.shape[0], {
      kernel: `detection/scatter_anchors${deltas ? ' deltas' : ''}`,
      source: scatterSource,
      defines: { DELTAS: deltas },
      bindings: {
        samples: read(required(inputs, 0, 'scatterAnchors'), 'u32'),
        count: read(required(inputs, 1, 'scatterAnchors'), 'u32'),
        dy: read(dy, element),
        map: write(map, element),
      },
      params: {
        first: u32(first),
        anchors: u32(product(shape) / (deltas ? 4 : 1)),
        per_cell: u32(deltas ? 1 : shape[3]),
        pitch: u32(pitch(map.spec)),
      },
    });
  },
};
