import linearSource from '../../shaders/lib/linear.wgsl';
import bilinearSource from '../../shaders/masks/bilinear.wgsl';
import placementSource from '../../shaders/masks/placement.wgsl';
import clearSource from '../../shaders/rle/clear.wgsl';
import columnSumsSource from '../../shaders/rle/column_sums.wgsl';
import columnsSource from '../../shaders/rle/columns.wgsl';
import countsSource from '../../shaders/rle/counts.wgsl';
import endsSource from '../../shaders/rle/ends.wgsl';
import framesSource from '../../shaders/rle/frames.wgsl';
import measureSource from '../../shaders/rle/measure.wgsl';
import scanSource from '../../shaders/rle/scan.wgsl';
import spansSource from '../../shaders/rle/spans.wgsl';
import stringsSource from '../../shaders/rle/strings.wgsl';
import { f32, u32, type BindingUse, type Param } from '../gpu/kernel';
import { checkMasksAndBoxes, countBinding, placementParams, rowLanes } from './masks';
import { linearWalk, read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
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

/** Where the values of the masks come from: defines, bindings and params of the kernels that read them. */
interface MaskSource {
  readonly kind: 'paste' | 'dense';
  readonly items: number;
  /** The most columns that the masks can have. */
  readonly columns: number;
  /** The operand whose count is the number of masks. */
  readonly counted: Operand;
  /** Bindings and params of the kernel that finds the masks' frames, and of those that walk along the columns. */
  readonly frames: { readonly bindings: Bindings; readonly params: Record<string, Param> };
  readonly walk: { readonly bindings: Bindings; readonly params: Record<string, Param> };
}

/**
 * COCO run-length codes of masks whose columns can be walked along. Two passes over the columns, the first to count the
 * changes of value and the second to write their positions down; then two over the changes, the first to measure the
 * strings and the second to write them.
 */
function encode(context: Lowering, masks: MaskSource, outputs: readonly Operand[], capacityBytes: number): void {
  const [chars, ends, areas, boundingBoxes, total] = outputs;
  const { items, counted } = masks;
  const lanes = rowLanes(context.capabilities);
  const columnCapacity = Math.min(masks.columns, Math.max(capacityBytes, LEAST_CAPACITY));
  const positionCapacity = Math.max(capacityBytes, LEAST_CAPACITY);
  const frames = context.scratch(dense([1 + 3 * items, 4], 'i32'));
  const columnEnds = context.scratch(dense([Math.max(columnCapacity, 1)], 'u32'));
  const spans = context.scratch(dense([items + 1, 2], 'u32'));
  const positions = context.scratch(dense([positionCapacity], 'u32'));
  const lengths = context.scratch(dense([Math.max(items, 1)], 'u32'));
  const COUNTED = counted.count !== undefined;
  const count = countBinding(counted);
  const capacities = { column_capacity: u32(columnCapacity), position_capacity: u32(positionCapacity) };
  const oneGroup: [number, number, number] = [1, 1, 1];
  const perMask: [number, number, number] = [1, items, 1];

  clear(context, chars);
  context.dispatch({
    kernel: `rle/frames ${masks.kind}`,
    source: placementSource + scanSource + framesSource,
    defines: { LANES: SCAN_LANES, SOURCE: masks.kind, COUNTED: COUNTED && masks.kind === 'paste' },
    bindings: { ...masks.frames.bindings, frames: write(frames, 'vec4i') },
    params: { items: u32(items), ...capacities, ...masks.frames.params },
    workgroups: oneGroup,
  });
  const walk = (phase: 'count' | 'write', bindings: Bindings): void => {
    context.dispatch({
      kernel: `rle/columns ${masks.kind} ${phase}`,
      source: (masks.kind === 'paste' ? bilinearSource : '') + columnsSource,
      defines: { LANES: lanes, SOURCE: masks.kind, PHASE: phase },
      bindings: { frames: read(frames, 'vec4i'), ...masks.walk.bindings, ...bindings },
      ...(Object.keys(masks.walk.params).length > 0 ? { params: masks.walk.params } : {}),
      workgroups: [context.capabilities.software ? 8 : 16, items, 1],
    });
  };
  if (items > 0) {
    walk('count', { column_ends: write(columnEnds, 'u32') });
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
    workgroups: oneGroup,
  });
  const runs: Bindings = {
    frames: read(frames, 'vec4i'),
    spans: read(spans, 'vec2u'),
    positions: read(positions, 'u32'),
  };
  if (items > 0) {
    walk('write', {
      column_ends: read(columnEnds, 'u32'),
      spans: read(spans, 'vec2u'),
      positions: write(positions, 'u32'),
    });
    context.dispatch({
      kernel: 'rle/measure',
      source: scanSource + countsSource + measureSource,
      defines: { LANES: lanes, COUNTED },
      bindings: {
        ...runs,
        ...count,
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
    params: { items: u32(items), ...capacities, capacity: u32(capacityBytes) },
    workgroups: oneGroup,
  });
  if (items > 0) {
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
  const length = chars.spec.shape[0];
  const walk = linearWalk(context.capabilities, length);
  context.dispatch({
    kernel: 'rle/clear',
    source: linearSource + clearSource,
    defines: walk.defines,
    bindings: { chars: write(chars, 'u32') },
    params: { length: u32(length) },
    workgroups: walk.workgroups,
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
    const walk = {
      bindings: { masks: read(masks, 'f32') },
      params: { ...size, threshold: f32(threshold) },
    };
    const frames = {
      bindings: { boxes: read(boxes, 'vec4f'), image_info: read(image, 'u32'), ...countBinding(masks) },
      params: { expansion },
    };
    const columns = items * MAX_SIDE;
    encode(context, { kind: 'paste', items, columns, counted: masks, frames, walk }, outputs, capacityBytes);
  },
};

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
    const frames = { bindings: {}, params: { height: u32(height), width: u32(width) } };
    const walk = { bindings: { masks: read(masks, 'u32') }, params: {} };
    encode(
      context,
      { kind: 'dense', items, columns: items * width, counted: masks, frames, walk },
      outputs,
      capacityBytes,
    );
  },
};
