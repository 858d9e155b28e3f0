import partsSource from '../../shaders/reduce/column_parts.wgsl';
import sumsSource from '../../shaders/reduce/column_sums.wgsl';
import { u32 } from '../gpu/kernel';
import { dispatchItems } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';
import { dense, pitch, product, rows } from './tensor';

/** Rows of a run at least, and runs at most: enough of them for every core, few enough for the second pass. */
const ROWS_A_RUN = 64;
const MAX_RUNS = 1024;

/**
 * Sums over all axes but the last. Input: x [.., C] channels4; only the items that its count says are in use are summed.
 * Output: dense [C]. The order of the additions depends on the shape alone, so results repeat bit by bit.
 */
export const sumColumns: Op<Record<string, never>> = {
  name: 'sumColumns',
  infer(inputs) {
    const { shape, layout } = required(inputs, 0, 'sumColumns');
    if (layout !== 'channels4' || shape.length < 2) {
      throw new ShapeError(`sumColumns: [${shape.join(', ')}] is no matrix or feature map`);
    }
    return [dense(shape.slice(-1))];
  },
  forward(context, inputs, [y]) {
    const x = required(inputs, 0, 'sumColumns');
    const { count } = x;
    const length = rows(x.spec);
    const columns4 = pitch(x.spec) / 4;
    const rowsPerRun = Math.max(ROWS_A_RUN, Math.ceil(length / MAX_RUNS));
    const runs = Math.ceil(length / rowsPerRun);
    const parts = context.scratch(dense([Math.max(runs, 1), columns4 * 4]));
    dispatchItems(context, runs * columns4, {
      kernel: 'reduce/column_parts',
      source: partsSource,
      defines: { LIMITED: count !== undefined },
      bindings: {
        x: read(x, 'vec4f'),
        ...(count === undefined ? {} : { limit: read(count, 'u32') }),
        parts: write(parts, 'vec4f'),
      },
      params: {
        rows: u32(length),
        rows_per_run: u32(rowsPerRun),
        rows_per_item: u32(product(x.spec.shape.slice(1, -1))),
        columns4: u32(columns4),
      },
    });
    dispatchItems(context, y.spec.shape[0], {
      kernel: 'reduce/column_sums',
      source: sumsSource,
      bindings: { parts: read(parts, 'f32'), y: write(y, 'f32') },
      params: { runs: u32(runs), stride: u32(columns4 * 4) },
    });
  },
};
