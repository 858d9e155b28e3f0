import inUseSource from '../../shaders/lib/in_use.wgsl';
import itemwiseSource from '../../shaders/lib/itemwise.wgsl';
import linearSource from '../../shaders/lib/linear.wgsl';
import rowwiseSource from '../../shaders/lib/rowwise.wgsl';
import { u32 } from '../gpu/kernel';
import { linearWalk, read, spread, type Lowering, type Operand, type OpKernelCall } from './op';
import { pitch, product, rows, storedLength, type TensorSpec } from './tensor';

/** What a kernel runs over. */
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

/** The memory of an f32 or u32 tensor by fours where it consists of them, else by elements; and what a unit is in WGSL. */
export function widestUnits(spec: TensorSpec): { units: Units; element: 'vec4f' | 'f32' | 'vec4u' | 'u32' } {
  const isWhole = storedLength(spec) % 4 === 0;
  const [scalar, vector] = spec.dtype === 'u32' ? (['u32', 'vec4u'] as const) : (['f32', 'vec4f'] as const);
  return isWhole ? { units: vec4Units(spec), element: vector } : { units: elementUnits(spec), element: scalar };
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
export function dispatchItemwise(
  context: Lowering,
  counted: Pick<Operand, 'count'>,
  units: Units,
  call: ItemwiseCall,
): void {
  const walk = linearWalk(context.capabilities, units.length);
  dispatchUnits(context, counted, units, {
    ...call,
    source: linearSource + inUseSource + itemwiseSource + call.source,
    defines: { ...walk.defines, ...call.defines },
    workgroups: walk.workgroups,
  });
}

/** dispatchItemwise() over `length` items that no count limits. */
export function dispatchItems(context: Lowering, length: number, call: ItemwiseCall): void {
  dispatchItemwise(context, {}, { length, unit: 1, itemElements: 1 }, call);
}

/** Fewer rows than this are walked by units, so that every core has work. */
const ROWS_FOR_TWO_CORES = 256;
const ROWS_A_WORKGROUP = 16;

/**
 * Dispatches a kernel over the rows (the last axis) of an output: `fn locate(row: u32) -> Place` finds out where the
 * row's sources are, `fn row_item(place: Place, i: u32, unit: u32)` writes its unit, which is unit i of the whole output:
 * a vec4 of a channels4 tensor, an element of a dense one. Adds the param `row_units` to those of dispatchItemwise().
 */
export function dispatchRowwise(context: Lowering, output: Operand, call: ItemwiseCall): void {
  const { spec } = output;
  const { software, maxWorkgroupsPerDimension } = context.capabilities;
  const byUnit = spec.layout === 'channels4' ? vec4Units(spec) : elementUnits(spec);
  const rowLength = pitch(spec) / byUnit.unit;
  const params = { row_units: u32(rowLength), ...call.params };
  const source = rowwiseSource + call.source;
  const byRow = rowUnits(spec);
  const lanes = linearWalk(context.capabilities, byUnit.length).defines.LANES;
  if (!software || byRow.length < ROWS_FOR_TWO_CORES || rowLength < lanes) {
    dispatchItemwise(context, output, byUnit, { ...call, source, params, defines: { BY_ROW: false, ...call.defines } });
    return;
  }
  dispatchUnits(context, output, byRow, {
    ...call,
    source: inUseSource + source,
    params,
    defines: { BY_ROW: true, LANES: lanes, STEPS: ROWS_A_WORKGROUP, ...call.defines },
    workgroups: spread(Math.ceil(byRow.length / ROWS_A_WORKGROUP), maxWorkgroupsPerDimension),
  });
}

function dispatchUnits(context: Lowering, { count }: Pick<Operand, 'count'>, units: Units, call: OpKernelCall): void {
  context.dispatch({
    ...call,
    defines: { COUNTED: count !== undefined, UNIT: units.unit, ...call.defines },
    bindings: { ...call.bindings, ...(count === undefined ? {} : { count: read(count, 'u32') }) },
    params: { length: u32(units.length), item_elements: u32(units.itemElements), ...call.params },
  });
}
