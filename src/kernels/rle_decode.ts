import decodeSource from '../../shaders/rle/decode.wgsl';
import iouSource from '../../shaders/rle/iou.wgsl';
import parseSource from '../../shaders/rle/parse.wgsl';
import { u32 } from '../gpu/kernel';
import { countBinding, rowLanes } from './masks';
import { read, required, ShapeError, spread, write, type Lowering, type Op, type Operand } from './op';
import { dense, type TensorSpec } from './tensor';

/** Size of the masks, in pixels: each up to 16,384. */
export interface MaskSize {
  readonly height: number;
  readonly width: number;
}

/** Number of strings. @throws ShapeError unless `chars` and `ends` are as `pasteToRle` gives them */
function stringCount(op: string, chars: TensorSpec, ends: TensorSpec, { height, width }: MaskSize): number {
  if (chars.dtype !== 'u32' || chars.shape.length !== 1 || ends.dtype !== 'u32' || ends.shape.length !== 1) {
    const shapes = [chars, ends].map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`);
    throw new ShapeError(`${op}: chars and ends are ${shapes.join(' and ')}, u32 [bytes / 4] and u32 [D] are needed`);
  }
  if (!(Math.min(height, width) >= 1 && Math.max(height, width) <= 16384)) {
    throw new ShapeError(`${op}: masks of ${height} x ${width} pixels, sides from 1 to 16,384 are needed`);
  }
  return ends.shape[0];
}

interface Parsed {
  /** (first position, counts, area, 0) of each string. */
  readonly lists?: Operand;
  /** The end of each count in pixels. */
  readonly positions?: Operand;
  readonly boundingBoxes?: Operand;
  readonly areas?: Operand;
}

/** Reads strings once, for those of the results that are asked for. */
function parse(context: Lowering, chars: Operand, ends: Operand, size: MaskSize, results: Parsed): void {
  const items = ends.spec.shape[0];
  const lanes = rowLanes(context.capabilities);
  const { lists, positions, boundingBoxes, areas } = results;
  const stored = lists !== undefined && positions !== undefined;
  context.dispatch({
    kernel: 'rle/parse',
    source: parseSource,
    defines: {
      LANES: lanes,
      STORE: stored,
      BOXES: boundingBoxes !== undefined,
      AREAS: areas !== undefined,
      COUNTED: ends.count !== undefined,
    },
    bindings: {
      chars: read(chars, 'u32'),
      ends: read(ends, 'u32'),
      ...countBinding(ends),
      ...(stored ? { lists: write(lists, 'vec4u'), positions: write(positions, 'u32') } : {}),
      ...(boundingBoxes === undefined ? {} : { bounding_boxes: write(boundingBoxes, 'vec4f') }),
      ...(areas === undefined ? {} : { areas: write(areas, 'u32') }),
    },
    params: {
      items: u32(items),
      bytes: u32(chars.spec.shape[0] * 4),
      height: u32(size.height),
      width: u32(size.width),
    },
    workgroups: spread(Math.ceil(items / lanes), context.capabilities.maxWorkgroupsPerDimension),
  });
}

function listsOf(context: Lowering, chars: Operand, ends: Operand): { lists: Operand; positions: Operand } {
  return {
    lists: context.scratch(dense([Math.max(ends.spec.shape[0], 1), 4], 'u32')),
    positions: context.scratch(dense([Math.max(chars.spec.shape[0] * 4, 1)], 'u32')),
  };
}

/**
 * Masks of COCO run-length codes. Inputs: `chars` and `ends` as `pasteToRle` gives them.
 * Output: u32 [D, height, width], 0 or 1. Strings must be valid ones of masks of that size.
 */
export const rleDecode: Op<MaskSize> = {
  name: 'rleDecode',
  infer(inputs, size) {
    const items = stringCount('rleDecode', required(inputs, 0, 'rleDecode'), required(inputs, 1, 'rleDecode'), size);
    if (items > 65535) {
      throw new ShapeError(`rleDecode: ${items} masks, up to 65,535 can be decoded at once`);
    }
    return [dense([items, size.height, size.width], 'u32')];
  },
  forward(context, inputs, [masks], size) {
    const chars = required(inputs, 0, 'rleDecode');
    const ends = required(inputs, 1, 'rleDecode');
    const items = ends.spec.shape[0];
    if (items === 0) {
      return;
    }
    const { lists, positions } = listsOf(context, chars, ends);
    parse(context, chars, ends, size, { lists, positions });
    const lanes = rowLanes(context.capabilities);
    context.dispatch({
      kernel: 'rle/decode',
      source: decodeSource,
      defines: { LANES: lanes },
      bindings: { lists: read(lists, 'vec4u'), positions: read(positions, 'u32'), masks: write(masks, 'u32') },
      params: { height: u32(size.height), width: u32(size.width) },
      workgroups: [Math.ceil(size.width / lanes), items, 1],
    });
  },
};

/** Pixels of each mask: u32 [D]. Inputs as those of `rleDecode`. */
export const rleArea: Op<MaskSize> = {
  name: 'rleArea',
  infer(inputs, size) {
    return [
      dense([stringCount('rleArea', required(inputs, 0, 'rleArea'), required(inputs, 1, 'rleArea'), size)], 'u32'),
    ];
  },
  forward(context, inputs, [areas], size) {
    if (areas.spec.shape[0] > 0) {
      parse(context, required(inputs, 0, 'rleArea'), required(inputs, 1, 'rleArea'), size, { areas });
    }
  },
};

/** Bounding box of each mask, dense [D, 4]: x, y, width, height in pixels, zero for an empty one. Inputs as `rleDecode`. */
export const rleBoundingBox: Op<MaskSize> = {
  name: 'rleBoundingBox',
  infer(inputs, size) {
    const [chars, ends] = [required(inputs, 0, 'rleBoundingBox'), required(inputs, 1, 'rleBoundingBox')];
    return [dense([stringCount('rleBoundingBox', chars, ends, size), 4])];
  },
  forward(context, inputs, [boundingBoxes], size) {
    if (boundingBoxes.spec.shape[0] > 0) {
      const [chars, ends] = [required(inputs, 0, 'rleBoundingBox'), required(inputs, 1, 'rleBoundingBox')];
      parse(context, chars, ends, size, { boundingBoxes });
    }
  },
};

/**
 * IoU of every mask of A with every one of B, as pycocotools' `iou`: where `crowd` is not 0, the intersection over the
 * area of A's mask. Inputs: charsA, endsA [A], charsB, endsB [B], crowd u32 [B]; strings as those of `rleDecode`.
 * Output: dense [A, B], the exact quotients rounded to f32.
 */
export const rleIou: Op<MaskSize> = {
  name: 'rleIou',
  infer(inputs, size) {
    const [charsA, endsA, charsB, endsB, crowd] = [0, 1, 2, 3, 4].map((index) => required(inputs, index, 'rleIou'));
    const a = stringCount('rleIou', charsA, endsA, size);
    const b = stringCount('rleIou', charsB, endsB, size);
    if (crowd.dtype !== 'u32' || crowd.shape.join() !== `${b}`) {
      throw new ShapeError(`rleIou: crowd is ${crowd.dtype} [${crowd.shape.join(', ')}], u32 [${b}] is needed`);
    }
    return [dense([a, b])];
  },
  forward(context, inputs, [iou], size) {
    const [charsA, endsA, charsB, endsB, crowd] = [0, 1, 2, 3, 4].map((index) => required(inputs, index, 'rleIou'));
    const [itemsA, itemsB] = iou.spec.shape;
    if (itemsA * itemsB === 0) {
      return;
    }
    const readStrings = (chars: Operand, ends: Operand): Required<Omit<Parsed, 'areas'>> => {
      const boundingBoxes = context.scratch(dense([ends.spec.shape[0], 4]));
      const parsed = { ...listsOf(context, chars, ends), boundingBoxes };
      parse(context, chars, ends, size, parsed);
      return parsed;
    };
    const a = readStrings(charsA, endsA);
    const b = readStrings(charsB, endsB);
    const lanes = rowLanes(context.capabilities);
    context.dispatch({
      kernel: 'rle/iou',
      source: iouSource,
      defines: { LANES: lanes },
      bindings: {
        lists_a: read(a.lists, 'vec4u'),
        positions_a: read(a.positions, 'u32'),
        boxes_a: read(a.boundingBoxes, 'vec4f'),
        lists_b: read(b.lists, 'vec4u'),
        positions_b: read(b.positions, 'u32'),
        boxes_b: read(b.boundingBoxes, 'vec4f'),
        crowd: read(crowd, 'u32'),
        iou: write(iou, 'f32'),
      },
      params: { pairs: u32(itemsA * itemsB), items_b: u32(itemsB) },
      workgroups: spread(Math.ceil((itemsA * itemsB) / lanes), context.capabilities.maxWorkgroupsPerDimension),
    });
  },
};
