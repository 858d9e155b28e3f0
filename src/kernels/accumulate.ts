import accumulateSource from '../../shaders/fill/accumulate.wgsl';
import { dispatchItemwise, widestUnits } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';

/**
 * state = keep * state + x, for a state and a tensor of its shape and layout; `keep` f32 [1], or null for 0, so that what
 * the state held does not matter. With keep 0 or 1 gradients are summed over several runs.
 */
export const accumulate: Op<Record<string, never>> = {
  name: 'accumulate',
  updates: [0],
  infer(inputs) {
    const [state, x] = [required(inputs, 0, 'accumulate'), required(inputs, 1, 'accumulate')];
    if (state.shape.join() !== x.shape.join() || state.layout !== x.layout || x.dtype !== 'f32') {
      throw new ShapeError(`accumulate: [${x.shape.join(', ')}] does not fit the state [${state.shape.join(', ')}]`);
    }
    return [];
  },
  forward(context, inputs) {
    const [state, x] = [required(inputs, 0, 'accumulate'), required(inputs, 1, 'accumulate')];
    const keep = inputs[2] ?? null;
    const { units, element } = widestUnits(state.spec);
    dispatchItemwise(context, {}, units, {
      kernel: 'fill/accumulate',
      source: accumulateSource,
      defines: { KEEP: keep !== null },
      bindings: {
        x: read(x, element),
        ...(keep === null ? {} : { keep: read(keep, 'f32') }),
        state: write(state, element),
      },
    });
  },
};
