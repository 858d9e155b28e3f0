import type { Target } from '../kernels/op';
import type { Precision } from '../kernels/precision';
import type { TensorSpec } from '../kernels/tensor';
import type { Graph, Node, Tensor } from './graph';

/** Variants by shape class (see shapeClass). */
export type TuningChoices = ReadonlyMap<string, string>;

/** Chooses variants for the nodes of graphs that are about to be compiled. */
export interface VariantChooser {
  /** Called with each graph, fused, before it is lowered; may measure what it has not met. */
  prepare(graph: Graph, precision: Precision): Promise<void>;
  /** Undefined: the op chooses for itself. */
  variantOf(node: Node, precision: Precision): string | undefined;
}

/** Maps of fewer pixels are told apart exactly: how tiles of 4 x 4 fit them matters. */
const SMALL_MAP = 32 * 32;

/**
 * The class of a node's shapes: nodes of one class are taken to have the same fastest variant. Channels and kernels count
 * exactly; rows, images and areas of large maps to half a power of two, so that images of many sizes share their classes.
 * The name says a precision other than f32.
 */
export function shapeClass(node: Node, precision: Precision = 'f32'): string {
  const inputs = node.inputs.map((input) => (input === null ? '-' : sizeClass(input)));
  const weights = precision === 'f32' ? [] : [precision];
  return [node.op.name, ...weights, ...inputs, ...valuesOf(node.attributes)].join(' ');
}

/** Sizes of inputs are in the inputs' classes, and what is done to a sum at its end costs every variant the same. */
const NOT_IN_CLASS = ['inputSize', 'activation'];

function valuesOf(attributes: unknown): string[] {
  const values = Object.entries(attributes as Record<string, unknown>).filter(([name]) => !NOT_IN_CLASS.includes(name));
  return values.map(([name, value]) => `${name}=${JSON.stringify(value)}`);
}

function sizeClass(tensor: Tensor): string {
  const { shape, layout }: TensorSpec = tensor.spec;
  const counted = tensor.count === undefined ? '' : '#';
  if (layout === 'dense') {
    return `${isConstant(tensor) ? 'constant ' : ''}[${shape.join(',')}]`;
  }
  const channels = shape.at(-1) ?? 1;
  if (shape.length === 4) {
    const [images, height, width] = shape;
    const area = height * width <= SMALL_MAP ? `${height},${width}` : octaves(height * width);
    return `[${octaves(images)}${counted},${area},${channels}]`;
  }
  return `[${octaves(shape.slice(0, -1).reduce((a, b) => a * b, 1))}${counted},${channels}]`;
}

/** To the nearest half power of two. */
function octaves(size: number): string {
  return size <= 1 ? String(size) : `~${Math.round(2 ** (Math.round(2 * Math.log2(size)) / 2))}`;
}

/** Its value depends on parameters alone, so that what is derived from it is computed once. */
export function isConstant({ source }: Tensor): boolean {
  if (source.kind === 'node') {
    return source.node.inputs.every((input) => input === null || isConstant(input));
  }
  return source.kind === 'parameter';
}

/** What is worth measuring for a node, the op's own choice first; none where it has no choice. */
export function candidatesOf({ op, inputs, outputs, attributes }: Node, target: Target): readonly string[] {
  const candidates = op.candidates?.(
    target,
    inputs.map((input) => input?.spec ?? null),
    outputs.map(({ spec }) => spec),
    attributes,
  );
  return candidates === undefined || candidates.length < 2 ? [] : candidates;
}
