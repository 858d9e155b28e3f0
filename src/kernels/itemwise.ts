import itemwiseSource from '../../shaders/lib/itemwise.wgsl';
import linearSource from '../../shaders/lib/linear.wgsl';
import { u32 } from '../gpu/kernel';
import { linearWalk, read, type Lowering, type Operand, type OpKernelCall } from './op';
import { product, rows, storedLength, type TensorSpec } from './tensor';

/** What a kernel's `item(i)` runs over. */
export interface Units {
  readonly length: number;
  /** Elements of one unit, and of one item of the first axis: a count of items is a count of units by their ratio. */
  readonly unit: number;
  readonly itemElements: number;
}

function itemElements(spec: TensorSpec): number {
  return spec.shape.length < 2 ? 1 : storedLength({ ...spec, shape: [1, ...spec.shape.slice(1)] });
}

/** The tensor's memory by fours. */
export function vec4Units(spec: TensorSpec): Units {
  return { length: Math.ceil(storedLength(spec) / 4), unit: 4, itemElements: itemElements(spec) };
}

/** The tensor's memory by elements. */
export function elementUnits(spec: TensorSpec): Units {
  return { length: storedLength(spec), unit: 1, itemElements: itemElements(spec) };
}

/** The rows of the last axis. */
export function rowUnits(spec: TensorSpec): Units {
  return { length: rows(spec), unit: 1, itemElements: product(spec.shape.slice(1, -1)) };
}

export type ItemwiseCall = Omit<OpKernelCall, 'workgroups'>;

/**
 * Dispatches a kernel that is written as `fn item(i: u32)`, for each of the units. Where `counted`, an output, has a
 * count, units of items beyond it are left out. The params `length` and `item_elements` and the binding `count` are
 * added to the call's own.
 */
export function dispatchItemwise(context: Lowering, counted: Operand, units: Units, call: ItemwiseCall): void {
  const walk = linearWalk(context.capabilities, units.length);
  const count = counted.count;
  context.dispatch({
    ...call,
    source: linearSource + itemwiseSource + call.source,
    defines: { ...walk.defines, COUNTED: count !== undefined, UNIT: units.unit, ...call.defines },
    bindings: { ...call.bindings, ...(count === undefined ? {} : { count: read(count, 'u32') }) },
    params: { length: u32(units.length), item_elements: u32(units.itemElements), ...call.params },
    workgroups: walk.workgroups,
  });
}
