import anchorsSource from '../../shaders/boxes/anchors.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { dispatchItems } from './itemwise';
import { ShapeError, write, type Op } from './op';
import { dense } from './tensor';

export interface AnchorGridAttributes {
  readonly height: number;
  readonly width: number;
  /** Pixels of the padded image from one cell to the next, whole numbers: [y, x]. */
  readonly stride: readonly [number, number];
  /** [A][4]: x1, y1, x2, y2 around the origin, from cellAnchors(). */
  readonly cellAnchors: readonly (readonly number[])[];
}

/**
 * The anchors of a feature map, f32 dense [height * width * A, 4], ordered by y, x, anchor: cell anchor plus
 * (x * stride, y * stride), as torchvision's AnchorGenerator.grid_anchors. No inputs, so a constant of the graph.
 */
export const anchorGrid: Op<AnchorGridAttributes> = {
  name: 'anchorGrid',
  infer(_inputs, { height, width, stride, cellAnchors: shapes }) {
    if (!stride.every(Number.isInteger) || !shapes.every((shape) => shape.length === 4)) {
      throw new ShapeError('anchorGrid: strides must be whole numbers and cell anchors have four coordinates');
    }
    return [dense([height * width * shapes.length, 4])];
  },
  forward(context, _inputs, [anchors], { height, width, stride, cellAnchors: shapes }) {
    const cells = height * width;
    shapes.forEach(([x1, y1, x2, y2], shape) => {
      dispatchItems(context, cells, {
        kernel: 'boxes/anchors',
        source: anchorsSource,
        bindings: { anchors: write(anchors, 'vec4f') },
        params: {
          width: u32(width),
          strideY: u32(stride[0]),
          strideX: u32(stride[1]),
          shape: u32(shape),
          shapes: u32(shapes.length),
          x1: f32(x1),
          y1: f32(y1),
          x2: f32(x2),
          y2: f32(y2),
        },
      });
    });
  },
};

/**
 * The anchors of one cell around the origin, [x1, y1, x2, y2] in whole pixels: for each aspect ratio (height over width)
 * each size (square root of the area). torchvision's AnchorGenerator.generate_anchors, in f32.
 */
export function cellAnchors(sizes: readonly number[], aspectRatios: readonly number[]): number[][] {
  const single = Math.fround;
  return aspectRatios.flatMap((ratio) => {
    const heightRatio = single(Math.sqrt(single(ratio)));
    const widthRatio = single(1 / heightRatio);
    return sizes.map((size) => {
      const x = roundHalfToEven(single(single(widthRatio * single(size)) / 2));
      const y = roundHalfToEven(single(single(heightRatio * single(size)) / 2));
      return [-x, -y, x, y];
    });
  });
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
