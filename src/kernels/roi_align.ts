import geometrySource from '../../shaders/roi_align/geometry.wgsl';
import gradientSource from '../../shaders/roi_align/gradient.wgsl';
import roiAlignSource from '../../shaders/roi_align/roi_align.wgsl';
import tileBoxesSource from '../../shaders/roi_align/tile_boxes.wgsl';
import { f32, u32, type Param } from '../gpu/kernel';
import { dispatchItems } from './itemwise';
import { read, required, ShapeError, spread, write, type Op, type Operand } from './op';
import { dense, featureMap, pitch, type TensorSpec } from './tensor';

export interface RoiAlignAttributes {
  /** Bins per box: rows, columns. */
  readonly outputSize: [number, number];
  /** Samples per bin along each axis; 0 or less: as many as the bin has pixels, rounded up. */
  readonly samplingRatio: number;
  /** Shifts boxes by half a pixel, and leaves boxes smaller than a pixel as they are. */
  readonly aligned: boolean;
  /** Pixels of each level per pixel of the image, finest level first: 1/4, 1/8, ... */
  readonly scales: number[];
  /** Side of a box in pixels that goes to `canonicalLevel`, where there is more than one level. */
  readonly canonicalSize: number;
  readonly canonicalLevel: number;
}

/** Adaptive sampling takes no more samples per bin and axis: boxes far beyond the image must end, too. */
export const MAX_SAMPLES = 4096;
/** Boxes, count and output leave this many of the eight storage buffers that every adapter has. */
const MAX_LEVELS = 5;

/**
 * RoIAlign (He et al., "Mask R-CNN", 2017, section 3) over the levels of a feature pyramid (Lin et al., "Feature Pyramid
 * Networks", 2017, equation 1), as torchvision's `roi_align` and `MultiScaleRoIAlign` compute them.
 *
 * Inputs: boxes dense [R, 4] (x1, y1, x2, y2 in pixels of the model's image), then one feature map [1, H, W, C] for each
 * of `scales`. Output: feature map [R, rows, columns, C].
 */
export const roiAlign: Op<RoiAlignAttributes> = {
  name: 'roiAlign',
  itemwise: true,
  infer(inputs, { outputSize, scales }) {
    const boxes = required(inputs, 0, 'roiAlign');
    if (boxes.shape.length !== 2 || boxes.shape[1] !== 4 || boxes.layout !== 'dense') {
      throw new ShapeError(`roiAlign: boxes are [${boxes.shape.join(', ')}], [R, 4] is needed`);
    }
    const maps = scales.map((_, level) => required(inputs, level + 1, 'roiAlign'));
    if (maps.length < 1 || maps.length > MAX_LEVELS || inputs.length !== maps.length + 1) {
      throw new ShapeError(
        `roiAlign: ${inputs.length - 1} feature maps and ${scales.length} scales, from 1 to ${MAX_LEVELS} of each are needed`,
      );
    }
    const channels = maps[0].shape[3];
    const fits = ({ shape, layout }: TensorSpec): boolean => {
      return (
        layout === 'channels4' &&
        shape.length === 4 &&
        shape[0] === 1 &&
        shape[3] === channels &&
        shape[1] * shape[2] > 0
      );
    };
    if (!maps.every(fits)) {
      const shapes = maps.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
      throw new ShapeError(`roiAlign: feature maps are ${shapes}; [1, H, W, C] with one C is needed`);
    }
    return [featureMap([boxes.shape[0], ...outputSize, channels])];
  },
  forward(context, inputs, [y], attributes) {
    const { scales, samplingRatio, aligned } = attributes;
    const boxes = required(inputs, 0, 'roiAlign');
    const maps = scales.map((_, level) => required(inputs, level + 1, 'roiAlign'));
    const [items, binRows, binColumns] = y.spec.shape;
    const channels = pitch(y.spec) / 4;
    if (items * binRows * binColumns * channels === 0) {
      return;
    }
    const { software, subgroupSize, maxWorkgroupsPerDimension } = context.capabilities;
    const lanes = software ? subgroupSize || 8 : 64;
    const rows = software ? binRows : 1;
    // vec4s of channels per invocation: two share the weights, but take longer to compile
    const vectors = software && channels >= 4 * lanes ? 2 : 1;
    const step = Math.ceil(channels / vectors);
    const [x, yGroups] = spread(Math.ceil((items * step) / lanes), maxWorkgroupsPerDimension);
    const params: Record<string, Param> = {
      items: u32(items),
      channels: u32(channels),
      step: u32(step),
      bin_rows: u32(binRows),
      bin_columns: u32(binColumns),
      rows: u32(rows),
      ...areaParams(attributes),
    };
    maps.forEach((map, level) => {
      params[`height${level}`] = u32(map.spec.shape[1]);
      params[`width${level}`] = u32(map.spec.shape[2]);
      params[`scale${level}`] = f32(scales[level]);
    });
    const levels = Object.fromEntries(maps.map((map, level) => [`x${level}`, read(map, 'vec4f')]));
    const count: Record<string, Operand> = boxes.count === undefined ? {} : { count: boxes.count };
    context.dispatch({
      kernel: `roi_align/roi_align ${scales.length} levels`,
      source: geometrySource + roiAlignSource,
      defines: {
        LANES: lanes,
        VECTORS: vectors,
        MAX_SAMPLES,
        LEVELS: scales.length,
        // two samples, the usual number, have a path of their own; other numbers share one where they are fixed
        SAMPLES: Math.max(samplingRatio, 0),
        ALIGNED: aligned,
        COUNTED: boxes.count !== undefined,
      },
      bindings: {
        boxes: read(boxes, 'vec4f'),
        ...levels,
        ...Object.fromEntries(Object.entries(count).map(([name, operand]) => [name, read(operand, 'u32')])),
        y: write(y, 'vec4f'),
      },
      params,
      workgroups: [x, yGroups, Math.ceil(binRows / rows)],
    });
  },
  // no gradient for the boxes, as in torchvision
  constants: [0],
  backward(build, { inputs, gradients, attributes, wanted }) {
    const boxes = required(inputs, 0, 'roiAlign');
    const dy = required(gradients, 0, 'roiAlign');
    const maps = attributes.scales.map((_, level) => {
      const [, height, width] = required(inputs, level + 1, 'roiAlign').spec.shape;
      return wanted[level + 1]
        ? build.apply1(roiAlignGradient, [boxes, dy], { ...attributes, level, size: [height, width] })
        : null;
    });
    return [null, ...maps];
  },
};

/** Side of the tiles of a map that share a list of boxes, in pixels. */
const TILE = 8;

/** Inputs: boxes [R, 4], dy [R, rows, columns, C]; output: the gradient of one level's map, [1, ..size, C]. */
const roiAlignGradient: Op<RoiAlignAttributes & { level: number; size: [height: number, width: number] }> = {
  name: 'roiAlignGradient',
  infer: (inputs, { size }) => [featureMap([1, ...size, required(inputs, 1, 'roiAlignGradient').shape[3]])],
  forward(context, inputs, [dx], attributes) {
    const { level, size, scales, samplingRatio, aligned } = attributes;
    const boxes = required(inputs, 0, 'roiAlignGradient');
    const dy = required(inputs, 1, 'roiAlignGradient');
    const [items, binRows, binColumns] = dy.spec.shape;
    const [height, width] = size;
    const tilesX = Math.ceil(width / TILE);
    const tiles = tilesX * Math.ceil(height / TILE);
    const defines = { MAX_SAMPLES, TILE, LEVELS: scales.length, SAMPLES: Math.max(samplingRatio, 0), ALIGNED: aligned };
    const params = {
      items: u32(items),
      bin_rows: u32(binRows),
      bin_columns: u32(binColumns),
      tiles_x: u32(tilesX),
      scale: f32(scales[level]),
      ...areaParams(attributes),
    };
    const lists = context.scratch(dense([tiles, items + 1], 'u32'));
    const { count } = boxes;
    dispatchItems(context, tiles, {
      kernel: 'roi_align/tile_boxes',
      source: geometrySource + tileBoxesSource,
      defines: { ...defines, LIMITED: count !== undefined },
      bindings: {
        boxes: read(boxes, 'vec4f'),
        ...(count === undefined ? {} : { limit: read(count, 'u32') }),
        lists: write(lists, 'u32'),
      },
      params: { ...params, level: u32(level) },
    });
    const { software, subgroupSize, maxWorkgroupsPerDimension } = context.capabilities;
    const lanes = software ? subgroupSize || 8 : 64;
    const channels = pitch(dx.spec) / 4;
    const vectors = software && channels >= 4 * lanes ? 4 : 1;
    const step = Math.ceil(channels / vectors);
    context.dispatch({
      kernel: 'roi_align/gradient',
      source: geometrySource + gradientSource,
      defines: { ...defines, LANES: lanes, VECTORS: vectors },
      bindings: {
        boxes: read(boxes, 'vec4f'),
        lists: read(lists, 'u32'),
        dy: read(dy, 'vec4f'),
        dx: write(dx, 'vec4f'),
      },
      params: { ...params, channels: u32(channels), step: u32(step), height: u32(height), width: u32(width) },
      workgroups: spread(Math.ceil((height * width * step) / lanes), maxWorkgroupsPerDimension),
    });
  },
};

/** The least area of a box that goes to each level but the first. */
function areaParams({ scales, canonicalSize, canonicalLevel }: RoiAlignAttributes): Record<string, Param> {
  const areas = scales.length > 1 ? levelAreas(scales, canonicalSize, canonicalLevel) : [];
  return Object.fromEntries(areas.map((area, i) => [`area${i + 1}`, f32(area)]));
}

/**
 * For each level but the first, the least f32 area of a box that torchvision's LevelMapper gives to it or to a later one.
 * The mapper computes floor(canonicalLevel + log2(sqrt(area) / canonicalSize) + 1e-6) in f32, which grows with the area;
 * a GPU's log2 is not exact enough to repeat that, but comparing areas is.
 * @throws ShapeError where the scales do not halve from level to level
 */
export function levelAreas(scales: readonly number[], canonicalSize: number, canonicalLevel: number): number[] {
  const first = Math.trunc(-Math.fround(Math.log2(Math.fround(scales[0]))));
  const last = Math.trunc(-Math.fround(Math.log2(Math.fround(scales[scales.length - 1]))));
  if (last - first !== scales.length - 1) {
    throw new ShapeError(`roiAlign: scales ${scales.join(', ')} do not halve from level to level`);
  }
  const f = Math.fround;
  const epsilon = f(1e-6);
  const levelOf = (area: number): number => {
    const ratio = f(f(Math.sqrt(area)) / canonicalSize);
    return Math.floor(f(f(canonicalLevel + f(Math.log2(ratio))) + epsilon));
  };
  return scales.slice(1).map((_, index) => leastFloat((area) => levelOf(area) >= first + index + 1));
}

/** The least positive f32 for which a condition holds that holds for all larger ones. */
function leastFloat(holds: (value: number) => boolean): number {
  const view = new DataView(new ArrayBuffer(4));
  const value = (bits: number): number => {
    view.setUint32(0, bits);
    return view.getFloat32(0);
  };
  let low = 0;
  let high = 0x7f7fffff;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (holds(value(middle))) {
      high = middle;
    } else {
      low = middle;
    }
  }
  return value(high);
}
