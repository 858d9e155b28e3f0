import bilinearSource from '../../shaders/masks/bilinear.wgsl';
import placementSource from '../../shaders/masks/placement.wgsl';
import sourceSource from '../../shaders/masks/source.wgsl';
import clearSource from '../../shaders/rle/clear.wgsl';
import columnSumsSource from '../../shaders/rle/column_sums.wgsl';
import columnsSource from '../../shaders/rle/columns.wgsl';
import countsSource from '../../shaders/rle/counts.wgsl';
import endsSource from '../../shaders/rle/ends.wgsl';
import framesSource from '../../shaders/rle/frames.wgsl';
import measureSource from '../../shaders/rle/measure.wgsl';
import rowEndsSource from '../../shaders/rle/row_ends.wgsl';
import scanSource from '../../shaders/rle/scan.wgsl';
import spansSource from '../../shaders/rle/spans.wgsl';
import stringsSource from '../../shaders/rle/strings.wgsl';
import { f32, u32, type BindingUse, type Param } from '../gpu/kernel';
import { checkMasksAndBoxes, countBinding, placementParams, rowLanes } from './masks';
import { dispatchItems } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { dense, type TensorSpec } from './tensor';

type Bindings = Record<string, BindingUse<Operand>>;

/** Sides of images up to which pixel positions fit the kernels' 32 bits with room for differences. */
const MAX_SIDE = 16384;
/** Columns and changes that there is always room for, however small the strings' capacity. */
const LEAST_CAPACITY = 65536;
/** Lanes of the kernels that run as one workgroup over all masks. */
const SCAN_LANES = 64;

/** The outputs of `pasteToRle` and `rleEncode` for D masks. */
function encodedSpecs(op: string, items: number, capacityBytes: number): TensorSpec[] {
  if (!Number.isInteger(capacityBytes) || capacityBytes < 4 || capacityBytes % 4 !== 0) {
    throw new ShapeError(`${op}: capacityBytes is ${capacityBytes}, a multiple of 4 is needed`);
  }
  return [
    dense([capacityBytes / 4], 'u32'),
    dense([items], 'u32'),
    dense([items], 'u32'),
    dense([items, 4]),
    dense([1], 'u32'),
  ];
}

type Params = Record<string, Param>;

/** Where the values of the masks come from: bindings and params of the kernels that read them. */
interface MaskSource {
  readonly kind: 'paste' | 'dense';
  readonly items: number;
  /** Columns that there is memory for. */
  readonly columnCapacity: number;
  /** The operand whose count is the number of masks. */
  readonly counted: Operand;
  /** For the kernel that finds the masks' frames. */
  readonly frames: { readonly bindings: Bindings; readonly params: Params };
  /** For the kernels that walk along the columns, once the frames are known. */
  walk(frames: Operand): { readonly bindings: Bindings; readonly params?: Params };
}

/** The memory of one encoding. */
interface Encoding {
  readonly masks: MaskSource;
  readonly lanes: number;
  readonly perMask: [number, number, number];
  readonly capacities: Params;
  /** The image and each mask's place in it, see shaders/rle/frames.wgsl. */
  readonly frames: Operand;
  /** Changes up to the end of each column of a mask. */
  readonly columnEnds: Operand;
  /** The first four changes of each column. */
  readonly keptPositions: Operand;
  /** Each mask's part of `positions`. */
  readonly spans: Operand;
  /** Where the masks change value, in pixels in column order. */
  readonly positions: Operand;
}

const ONE_GROUP: [number, number, number] = [1, 1, 1];

/**
 * COCO run-length codes of masks whose columns can be walked along. Two passes over the columns, the first to count the
 * changes of value and the second to write their positions down; then two over the changes, the first to measure the
 * strings and the second to write them.
 */
function encode(context: Lowering, masks: MaskSource, outputs: readonly Operand[], capacityBytes: number): void {
  const { items, columnCapacity } = masks;
  // each change takes a character at least, so that a list this long is not what runs out
  const positionCapacity = Math.max(capacityBytes, LEAST_CAPACITY);
  const encoding: Encoding = {
    masks,
    lanes: rowLanes(context.capabilities),
    perMask: [1, items, 1],
    capacities: { column_capacity: u32(columnCapacity), position_capacity: u32(positionCapacity) },
    frames: context.scratch(dense([1 + 3 * items, 4], 'i32')),
    columnEnds: context.scratch(dense([Math.max(columnCapacity, 1)], 'u32')),
    keptPositions: context.scratch(dense([Math.max(columnCapacity, 1), 4], 'u32')),
    spans: context.scratch(dense([items + 1, 2], 'u32')),
    positions: context.scratch(dense([positionCapacity], 'u32')),
  };
  findPositions(context, encoding);
  writeStrings(context, encoding, outputs, capacityBytes);
}

function findPositions(context: Lowering, encoding: Encoding): void {
  const { masks, lanes, perMask, capacities, frames, columnEnds, keptPositions, spans, positions } = encoding;
  const { kind, items } = masks;
  context.dispatch({
    kernel: `rle/frames ${kind}`,
    source: placementSource + scanSource + framesSource,
    defines: { LANES: SCAN_LANES, SOURCE: kind, COUNTED: 'count' in masks.frames.bindings },
    bindings: { ...masks.frames.bindings, frames: write(frames, 'vec4i') },
    params: { items: u32(items), ...capacities, ...masks.frames.params },
    workgroups: ONE_GROUP,
  });
  const { bindings, params } = items > 0 ? masks.walk(frames) : { bindings: {} };
  const walk = (phase: 'count' | 'write', results: Bindings): void => {
    context.dispatch({
      kernel: `rle/columns ${kind} ${phase}`,
      source: (kind === 'paste' ? sourceSource + bilinearSource : '') + columnsSource,
      defines: { LANES: lanes, SOURCE: kind, PHASE: phase },
      bindings: { frames: read(frames, 'vec4i'), ...bindings, ...results },
      ...(params === undefined ? {} : { params }),
      // workgroups share a mask's columns, however many there are
      workgroups: [context.capabilities.software ? 8 : 16, items, 1],
    });
  };
  if (items > 0) {
    walk('count', { column_ends: write(columnEnds, 'u32'), kept_positions: write(keptPositions, 'vec4u') });
    context.dispatch({
      kernel: 'rle/column_sums',
      source: scanSource + columnSumsSource,
      defines: { LANES: lanes },
      bindings: { frames: read(frames, 'vec4i'), column_ends: write(columnEnds, 'u32'), spans: write(spans, 'vec2u') },
      workgroups: perMask,
    });
  }
  context.dispatch({
    kernel: 'rle/spans',
    source: scanSource + spansSource,
    defines: { LANES: SCAN_LANES },
    bindings: { spans: write(spans, 'vec2u') },
    params: { items: u32(items), ...capacities },
    workgroups: ONE_GROUP,
  });
  if (items > 0) {
    walk('write', {
      column_ends: read(columnEnds, 'u32'),
      kept_positions: read(keptPositions, 'vec4u'),
      spans: read(spans, 'vec2u'),
      positions: write(positions, 'u32'),
    });
  }
}

function writeStrings(
  context: Lowering,
  { masks, lanes, perMask, capacities, frames, spans, positions }: Encoding,
  [chars, ends, areas, boundingBoxes, total]: readonly Operand[],
  capacityBytes: number,
): void {
  const lengths = context.scratch(dense([Math.max(masks.items, 1)], 'u32'));
  const runs: Bindings = {
    frames: read(frames, 'vec4i'),
    spans: read(spans, 'vec2u'),
    positions: read(positions, 'u32'),
  };
  clear(context, chars);
  if (masks.items > 0) {
    context.dispatch({
      kernel: 'rle/measure',
      source: scanSource + countsSource + measureSource,
      defines: { LANES: lanes, COUNTED: masks.counted.count !== undefined },
      bindings: {
        ...runs,
        ...countBinding(masks.counted),
        lengths: write(lengths, 'u32'),
        areas: write(areas, 'u32'),
        bounding_boxes: write(boundingBoxes, 'vec4f'),
      },
      workgroups: perMask,
    });
  }
  context.dispatch({
    kernel: 'rle/ends',
    source: scanSource + endsSource,
    defines: { LANES: SCAN_LANES },
    bindings: {
      frames: read(frames, 'vec4i'),
      spans: read(spans, 'vec2u'),
      lengths: read(lengths, 'u32'),
      ends: write(ends, 'u32'),
      total: write(total, 'u32'),
    },
    params: { items: u32(masks.items), ...capacities, capacity: u32(capacityBytes) },
    workgroups: ONE_GROUP,
  });
  if (masks.items > 0) {
    context.dispatch({
      kernel: 'rle/strings',
      source: scanSource + countsSource + stringsSource,
      defines: { LANES: lanes },
      bindings: { ...runs, ends: read(ends, 'u32'), chars: write(chars, 'atomic<u32>') },
      params: { capacity: u32(capacityBytes) },
      workgroups: perMask,
    });
  }
}

function clear(context: Lowering, chars: Operand): void {
  dispatchItems(context, chars.spec.shape[0], {
    kernel: 'rle/clear',
    source: clearSource,
    bindings: { chars: write(chars, 'u32') },
  });
}

/**
 * Pastes masks into the source image and gives their COCO run-length codes, without a mask of the image's size:
 * torchvision's `paste_masks_in_image` (padding 1), a threshold, and pycocotools' `encode`.
 *
 * Inputs: masks dense [D, mh, mw], probabilities; boxes dense [D, 4], x1, y1, x2, y2 in pixels of the source image;
 * imageInfo u32 [4], its height and width first, each up to 16,384.
 * Outputs: `chars` u32 [capacityBytes / 4], the compressed strings one after the other, the first byte of a word lowest;
 * `ends` u32 [D], the end of each string in bytes; `areas` u32 [D] in pixels; `boundingBoxes` dense [D, 4], x, y, width,
 * height in pixels, zero for an empty mask; `total` u32 [1], the bytes that all strings need.
 * Where `total` is above `capacityBytes` the strings are not complete: run again with room for that many bytes, or for
 * more if it says so again (the number is an estimate where the masks have more changes than the op has memory for).
 */
export const pasteToRle: Op<{ threshold: number; capacityBytes: number }> = {
  name: 'pasteToRle',
  infer(inputs, { capacityBytes }) {
    const masks = required(inputs, 0, 'pasteToRle');
    checkMasksAndBoxes('pasteToRle', masks, required(inputs, 1, 'pasteToRle'));
    const image = required(inputs, 2, 'pasteToRle');
    if (image.dtype !== 'u32' || image.shape.join() !== '4') {
      throw new ShapeError(`pasteToRle: imageInfo is ${image.dtype} [${image.shape.join(', ')}], u32 [4] is needed`);
    }
    return encodedSpecs('pasteToRle', masks.shape[0], capacityBytes);
  },
  forward(context, inputs, outputs, { threshold, capacityBytes }) {
    const masks = required(inputs, 0, 'pasteToRle');
    const boxes = required(inputs, 1, 'pasteToRle');
    const image = required(inputs, 2, 'pasteToRle');
    const items = masks.spec.shape[0];
    const { expansion, ...size } = placementParams(masks.spec);
    const source: MaskSource = {
      kind: 'paste',
      items,
      // a column of an object takes four characters and more
      columnCapacity: Math.min(items * MAX_SIDE, Math.max(capacityBytes / 2, LEAST_CAPACITY)),
      counted: masks,
      frames: {
        bindings: { boxes: read(boxes, 'vec4f'), image_info: read(image, 'u32'), ...countBinding(masks) },
        params: { expansion },
      },
      walk: (frames) => ({
        bindings: { masks: read(masks, 'f32'), row_ends: read(findRowEnds(context, masks.spec, frames), 'i32') },
        params: { ...size, threshold: f32(threshold) },
      }),
    };
    encode(context, source, outputs, capacityBytes);
  },
};

/** Which rows of the resized masks lie between which rows of the masks: dense i32 [D, mh + 2]. */
function findRowEnds(context: Lowering, { shape: [items, height] }: TensorSpec, frames: Operand): Operand {
  const rowEnds = context.scratch(dense([items, height + 2], 'i32'));
  context.dispatch({
    kernel: 'rle/row_ends',
    source: sourceSource + rowEndsSource,
    defines: { LANES: rowLanes(context.capabilities) },
    bindings: { frames: read(frames, 'vec4i'), row_ends: write(rowEnds, 'i32') },
    params: { mask_height: u32(height) },
    workgroups: [1, items, 1],
  });
  return rowEnds;
}

/**
 * COCO run-length codes of binary masks, as pycocotools' `encode` gives them.
 * Input: masks u32 [D, height, width], 0 or not. Outputs: those of `pasteToRle`.
 */
export const rleEncode: Op<{ capacityBytes: number }> = {
  name: 'rleEncode',
  infer(inputs, { capacityBytes }) {
    const { shape, dtype } = required(inputs, 0, 'rleEncode');
    const [items, height, width] = shape;
    if (
      shape.length !== 3 ||
      dtype !== 'u32' ||
      items > 65535 ||
      Math.max(height, width) > MAX_SIDE ||
      height * width === 0
    ) {
      throw new ShapeError(`rleEncode: masks are ${dtype} [${shape.join(', ')}], u32 [D, height, width] is needed`);
    }
    return encodedSpecs('rleEncode', items, capacityBytes);
  },
  forward(context, inputs, outputs, { capacityBytes }) {
    const masks = required(inputs, 0, 'rleEncode');
    const [items, height, width] = masks.spec.shape;
    const source: MaskSource = {
      kind: 'dense',
      items,
      columnCapacity: items * width,
      counted: masks,
      frames: { bindings: {}, params: { height: u32(height), width: u32(width) } },
      walk: () => ({ bindings: { masks: read(masks, 'u32') } }),
    };
    encode(context, source, outputs, capacityBytes);
  },
};
