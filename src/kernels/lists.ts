import linearSource from '../../shaders/lib/linear.wgsl';
import gatherGradientSource from '../../shaders/lists/gather_gradient.wgsl';
import gatherKeysSource from '../../shaders/lists/gather_keys.wgsl';
import gatherRowsSource from '../../shaders/lists/gather_rows.wgsl';
import indicesInUseSource from '../../shaders/lists/indices_in_use.wgsl';
import segmentLabelsSource from '../../shaders/lists/segment_labels.wgsl';
import sliceCountSource from '../../shaders/lists/slice_count.wgsl';
import stackSource from '../../shaders/lists/stack.wgsl';
import { u32 } from '../gpu/kernel';
import { dispatchItems } from './itemwise';
import { linearWalk, read, required, ShapeError, write, type Op, type OpKernelCall } from './op';
import { sortDescending } from './sort';
import { dense, product, rows, type TensorSpec } from './tensor';

/**
 * Lists of different lengths as rows of one tensor.
 * Inputs, in turn: list (dense [1, k_i] or [1, k_i, 4]), its count (u32 [1]), and so on. Outputs: dense [n, capacity] or
 * [n, capacity, 4], and counts u32 [n]. Past the counts stand zeros, in lists of f32 scores the lowest f32; what is past
 * the capacity is left out.
 */
export const stackLists: Op<{ capacity: number }> = {
  name: 'stackLists',
  infer(inputs, { capacity }) {
    const lists = inputs.filter((_, i) => i % 2 === 0);
    const first = lists[0];
    if (!first || inputs.length % 2 !== 0 || inputs.some((input) => input?.layout !== 'dense')) {
      throw new ShapeError('stackLists: needs dense lists, each with its count');
    }
    const inner = first.shape.slice(2);
    const fits = (list: TensorSpec | null): boolean =>
      list?.dtype === first.dtype && list.shape[0] === 1 && list.shape.slice(2).join() === inner.join();
    if (!lists.every(fits) || !['', '4'].includes(inner.join())) {
      throw new ShapeError('stackLists: lists must be [1, k] or [1, k, 4], all of one type');
    }
    return [dense([lists.length, capacity, ...inner], first.dtype), dense([lists.length], 'u32')];
  },
  forward(context, inputs, [stacked, counts], { capacity }) {
    const walk = linearWalk(context.capabilities, Math.max(1, capacity));
    for (let row = 0; row < inputs.length / 2; row++) {
      const list = required(inputs, row * 2, 'stackLists');
      const boxes = list.spec.shape.length === 3;
      const fill = !boxes && list.spec.dtype === 'f32' ? '0xff7fffffu' : '';
      context.dispatch({
        kernel: `lists/stack${boxes ? ' boxes' : ''}${fill === '' ? '' : ' scores'}`,
        source: linearSource + stackSource,
        defines: { ...walk.defines, ELEMENT: boxes ? 'vec4u' : 'u32', FILL: fill },
        bindings: {
          list: read(list, boxes ? 'vec4u' : 'u32'),
          listCount: read(required(inputs, row * 2 + 1, 'stackLists'), 'u32'),
          stacked: write(stacked, boxes ? 'vec4u' : 'u32'),
          counts: write(counts, 'u32'),
        },
        params: { row: u32(row), capacity: u32(capacity), length: u32(Math.min(capacity, list.spec.shape[1])) },
        workgroups: walk.workgroups,
      });
    }
  },
};

/**
 * y[i] = source[indices[i]]. Inputs: source dense [..., inner] of any type, its leading axes taken as one; indices u32
 * [n], whose count limits them. Output: dense [n, inner], zeros past the count.
 */
export const gatherRows: Op<Record<string, never>> = {
  name: 'gatherRows',
  infer([source, indices]) {
    if (source?.layout !== 'dense' || source.shape.length === 0 || indices?.shape.length !== 1) {
      throw new ShapeError('gatherRows: needs a dense source [..., inner] and indices [n]');
    }
    return [dense([indices.shape[0], source.shape[source.shape.length - 1]], source.dtype)];
  },
  forward(context, inputs, [y]) {
    const source = required(inputs, 0, 'gatherRows');
    const indices = required(inputs, 1, 'gatherRows');
    const [n, inner] = y.spec.shape;
    if (n * inner === 0 || rows(source.spec) === 0) {
      return;
    }
    const walk = linearWalk(context.capabilities, n);
    const element = inner % 4 === 0 ? 'vec4u' : 'u32';
    const { count } = indices;
    context.dispatch({
      kernel: `lists/gather_rows ${element}${count === undefined ? '' : ' counted'}`,
      source: linearSource + gatherRowsSource,
      defines: { ...walk.defines, ELEMENT: element, COUNTED: count !== undefined },
      bindings: {
        source: read(source, element),
        indices: read(indices, 'u32'),
        ...(count === undefined ? {} : { count: read(count, 'u32') }),
        y: write(y, element),
      },
      params: { rows: u32(n), inner: u32(element === 'vec4u' ? inner / 4 : inner) },
      workgroups: walk.workgroups,
    });
  },
  backward: (build, { inputs: [source, indices], gradients: [dy] }) => [
    build.apply1(gatherRowsGradient, [dy, indices], { shape: required([source], 0, 'gatherRows').spec.shape }),
    null,
  ],
};

/**
 * Each row of the source has the sum of dy over the places that it was gathered to, in their order: the indices are sorted,
 * so that nothing is scattered. Inputs: dy dense [n, inner]; indices u32 [n], whose count limits them. Output: dense `shape`.
 */
const gatherRowsGradient: Op<{ shape: readonly number[] }> = {
  name: 'gatherRowsGradient',
  infer: (_, { shape }) => [dense(shape)],
  forward(context, inputs, [dx]) {
    const [dy, indices] = [0, 1].map((i) => required(inputs, i, 'gatherRowsGradient'));
    const { count, spec } = indices;
    const [n] = spec.shape;
    // the bits of an index are those of a positive f32
    const keys = context.scratch(dense([n]));
    const sorted = context.scratch(dense([n]));
    const places = context.scratch(dense([n], 'u32'));
    const defines = { LIMITED: count !== undefined };
    const limit: OpKernelCall['bindings'] = count === undefined ? {} : { limit: read(count, 'u32') };
    dispatchItems(context, n, {
      kernel: 'lists/gather_keys',
      source: indicesInUseSource + gatherKeysSource,
      defines,
      bindings: { indices: read(indices, 'u32'), ...limit, keys: write(keys, 'u32') },
      params: { indices: u32(n) },
    });
    sortDescending.forward(context, [keys], [sorted, places], {});
    dispatchItems(context, rows(dx.spec), {
      kernel: 'lists/gather_gradient',
      source: indicesInUseSource + gatherGradientSource,
      defines,
      bindings: {
        sorted: read(sorted, 'u32'),
        places: read(places, 'u32'),
        dy: read(dy, 'f32'),
        ...limit,
        dx: write(dx, 'f32'),
      },
      params: { indices: u32(n), inner: u32(dx.spec.shape.at(-1) ?? 1) },
    });
  },
};

/**
 * The class labels of detections picked from class-wise segments: index / segmentLength + 1 (0 is the background).
 * Input: indices u32 [n] into the flattened segments, with a count. Output: u32 [n], zeros past the count.
 */
export const segmentLabels: Op<{ segmentLength: number }> = {
  name: 'segmentLabels',
  itemwise: true,
  infer: (inputs) => [required(inputs, 0, 'segmentLabels')],
  forward(context, inputs, [labels], { segmentLength }) {
    const indices = required(inputs, 0, 'segmentLabels');
    const length = product(indices.spec.shape);
    const walk = linearWalk(context.capabilities, length);
    const { count } = indices;
    context.dispatch({
      kernel: `lists/segment_labels${count === undefined ? '' : ' counted'}`,
      source: linearSource + segmentLabelsSource,
      defines: { ...walk.defines, COUNTED: count !== undefined },
      bindings: {
        indices: read(indices, 'u32'),
        ...(count === undefined ? {} : { count: read(count, 'u32') }),
        labels: write(labels, 'u32'),
      },
      params: { length: u32(length), segmentLength: u32(Math.max(1, segmentLength)) },
      workgroups: walk.workgroups,
    });
  },
};

/**
 * How many of the items [start, end) of a list are in use: clamp(count - start, 0, end - start).
 * Input: count, u32 [1], of the list. Output: u32 [1].
 */
export const sliceCount: Op<{ start: number; end: number }> = {
  name: 'sliceCount',
  infer(inputs, { start, end }) {
    const count = required(inputs, 0, 'sliceCount');
    if (count.dtype !== 'u32' || count.shape.join() !== '1' || !(start >= 0 && start <= end)) {
      throw new ShapeError(
        `sliceCount: items ${start} to ${end} by a count of ${count.dtype} [${count.shape.join(', ')}]`,
      );
    }
    return [count];
  },
  forward(context, inputs, [y], { start, end }) {
    dispatchItems(context, 1, {
      kernel: 'lists/slice_count',
      source: sliceCountSource,
      bindings: { listCount: read(required(inputs, 0, 'sliceCount'), 'u32'), y: write(y, 'u32') },
      params: { start: u32(start), end: u32(end) },
    });
  },
};
