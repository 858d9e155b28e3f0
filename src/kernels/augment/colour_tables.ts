import histogramSource from '../../../shaders/augment/histogram.wgsl';
import tablesSource from '../../../shaders/augment/colour_tables.wgsl';
import { u32 } from '../../gpu/kernel';
import { fillWith } from '../fill';
import { rowLanes } from '../masks';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';
import { checkGeometry, checkWords } from './checks';
import { COLOUR_WORDS } from './colour_settings';

/** Steps of a workgroup that counts, each of four pixels a lane. */
const STEPS = 64;
const VALUES = 256;

/**
 * What becomes of each 8-bit value of an image when its colours are changed: ColourChange says how. The histograms of the
 * whole source image are counted on the GPU.
 *
 * Inputs: pixels and geometry as those of `warpImage`; change, u32 of packColourChange(). Output: u32 [3, 256], for red,
 * green and blue.
 */
export const colourTables: Op<Record<string, never>> = {
  name: 'colourTables',
  infer(inputs) {
    const pixels = required(inputs, 0, 'colourTables');
    if (pixels.dtype !== 'u32' || pixels.shape.length !== 1 || pixels.shape[0] === 0) {
      throw new ShapeError('colourTables: pixels must be u32 [words]');
    }
    checkGeometry('colourTables', inputs, 1);
    checkWords('colourTables', inputs, 2, 'the change', [COLOUR_WORDS]);
    return [dense([3, VALUES], 'u32')];
  },
  forward(context, inputs, [table]) {
    const pixels = required(inputs, 0, 'colourTables');
    const settings = {
      geometry: read(required(inputs, 1, 'colourTables'), 'u32'),
      colour: read(required(inputs, 2, 'colourTables'), 'u32'),
    };
    const [words] = pixels.spec.shape;
    const lanes = rowLanes(context.capabilities);
    const histogram = context.scratch(dense([4, VALUES], 'u32'));
    fillWith(context, histogram, 0);
    context.dispatch({
      kernel: 'augment/histogram',
      source: histogramSource,
      defines: { LANES: lanes, STEPS },
      bindings: { pixels: read(pixels, 'u32'), ...settings, histogram: write(histogram, 'atomic<u32>') },
      params: { words: u32(words) },
      workgroups: [Math.ceil(words / (3 * lanes * STEPS)), 1, 1],
    });
    context.dispatch({
      kernel: 'augment/colour_tables',
      source: tablesSource,
      defines: { LANES: lanes },
      bindings: { ...settings, histogram: read(histogram, 'u32'), table: write(table, 'u32') },
      workgroups: [1, 1, 1],
    });
  },
};
