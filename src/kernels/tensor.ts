/**
 * Shapes and memory layout.
 *
 * `channels4`: activations and matrices. Row-major over `shape`, but each row of the last axis takes a multiple of four
 * elements in memory, and the elements past the axis' end are zero: every op that writes such a tensor writes those
 * zeros. Feature maps are NHWC: [N, H, W, C].
 * `dense`: boxes, scores, indices, counts and parameters. Row-major, no padding. Parameters keep PyTorch's shapes
 * (OIHW for convolutions, [out, in] for linear layers).
 */
export type Layout = 'channels4' | 'dense';
/** `f16` is for constants that kernels derive from parameters, such as packed weights: it never leaves the device. */
export type DType = 'f32' | 'f16' | 'u32' | 'i32';

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
}

export function featureMap(shape: readonly number[]): TensorSpec {
  return { shape, dtype: 'f32', layout: 'channels4' };
}

export function dense(shape: readonly number[], dtype: DType = 'f32'): TensorSpec {
  return { shape, dtype, layout: 'dense' };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

export function product(values: readonly number[]): number {
  return values.reduce((a, b) => a * b, 1);
}

/** Elements from one row of the last axis to the next. */
export function pitch(spec: TensorSpec): number {
  const last = spec.shape.at(-1) ?? 1;
  return spec.layout === 'channels4' ? roundUp(last, 4) : last;
}

/** Rows: the product of all axes but the last. */
export function rows(spec: TensorSpec): number {
  return product(spec.shape.slice(0, -1));
}

/** Elements in memory, with the padding of the last axis. */
export function storedLength(spec: TensorSpec): number {
  return rows(spec) * pitch(spec);
}

export function byteLength(spec: TensorSpec): number {
  return storedLength(spec) * (spec.dtype === 'f16' ? 2 : 4);
}

/** Host values of a tensor (row-major, unpadded) to its memory layout. */
export function toStored<T extends Float32Array | Uint32Array | Int32Array>(spec: TensorSpec, values: T): T {
  const last = spec.shape.at(-1) ?? 1;
  const stride = pitch(spec);
  if (values.length !== product(spec.shape)) {
    throw new RangeError(`${values.length} values for shape [${spec.shape.join(', ')}]`);
  }
  const out = new (values.constructor as new (n: number) => T)(storedLength(spec));
  for (let row = 0; row < rows(spec); row++) {
    out.set(values.subarray(row * last, (row + 1) * last), row * stride);
  }
  return out;
}

/** Memory of a tensor to host values (row-major, unpadded). @throws RangeError for f16, which JavaScript has no array of */
export function fromStored(spec: TensorSpec, memory: ArrayBuffer): Float32Array | Uint32Array | Int32Array {
  const last = spec.shape.at(-1) ?? 1;
  const stride = pitch(spec);
  if (spec.dtype === 'f16') {
    throw new RangeError('a tensor of f16 is not read back');
  }
  const make = { f32: Float32Array, u32: Uint32Array, i32: Int32Array }[spec.dtype];
  const stored = new make(memory, 0, storedLength(spec));
  const out = new make(product(spec.shape));
  for (let row = 0; row < rows(spec); row++) {
    out.set(stored.subarray(row * stride, row * stride + last), row * last);
  }
  return out;
}
