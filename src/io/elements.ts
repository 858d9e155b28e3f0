import type { HostTensor } from './checkpoint';

/** Element kinds of weight files that are read, by their safetensors names. */
export type ElementKind = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U32' | 'U16' | 'U8' | 'BOOL';

/** Bytes of one element in the file. */
export const elementSize: Readonly<Record<ElementKind, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one element once decoded: float kinds become f32, small integers i32, U32 i64. */
export function decodedElementSize(kind: ElementKind): number {
  switch (kind) {
    case 'I64':
    case 'U32':
      return 8;
    case 'U8':
    case 'BOOL':
      return 1;
    default:
      return 4;
  }
}

/** True for a name of {@link ElementKind}. */
export function isElementKind(name: string): name is ElementKind {
  return Object.hasOwn(elementSize, name);
}

/** The bits of the IEEE binary16 nearest to a number, ties to even; infinite where it is too large. */
export function halfBits(value: number): number {
  const single = Math.fround(value);
  const [bits] = new Uint32Array(Float32Array.of(single).buffer);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    return sign | 0x7e00;
  }
  if (magnitude >= 0x47800000) {
    return sign | 0x7c00;
  }
  // Steps are 1/1024 of the power of two below the number, but no less than 2^-24.
  const exponent = Math.max(magnitude >>> 23, 113);
  const steps = Math.abs(single) * 2 ** (137 - exponent);
  const low = Math.floor(steps);
  const isUp = steps - low > 0.5 || (steps - low === 0.5 && low % 2 === 1);
  return sign | (((exponent - 113) << 10) + low + Number(isUp));
}

/** The bits of an IEEE binary16 as the bits of the equal binary32; infinities and NaN payloads survive. */
function halfToSingleBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) {
    return sign | 0x7f800000 | (fraction << 13);
  }
  if (exponent !== 0) {
    return sign | ((exponent + 112) << 23) | (fraction << 13);
  }
  if (fraction === 0) {
    return sign;
  }
  // Subnormal: the leading bit of the fraction becomes the implicit one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/**
 * Decodes little-endian elements into host memory of their own (`bytes` is copied, and need not be aligned).
 *
 * @param bytes exactly the elements; their number is `bytes.length / elementSize[kind]`
 * @param shape the tensor's shape, outermost first; its product is the number of elements
 */
export function decodeElements(kind: ElementKind, bytes: Uint8Array, shape: number[]): HostTensor {
  // A fresh copy starts at offset 0 of its own buffer, so that every view below is aligned.
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  const buffer = copy.buffer;
  switch (kind) {
    case 'F32':
      return { shape, dtype: 'f32', data: new Float32Array(buffer) };
    case 'F64':
      return { shape, dtype: 'f32', data: Float32Array.from(new Float64Array(buffer)) };
    case 'F16': {
      const source = new Uint16Array(buffer);
      const bits = new Uint32Array(source.length);
      for (let i = 0; i < source.length; i++) {
        bits[i] = halfToSingleBits(source[i]);
      }
      return { shape, dtype: 'f32', data: new Float32Array(bits.buffer) };
    }
    case 'BF16': {
      const source = new Uint16Array(buffer);
      const bits = new Uint32Array(source.length);
      for (let i = 0; i < source.length; i++) {
        bits[i] = source[i] << 16;
      }
      return { shape, dtype: 'f32', data: new Float32Array(bits.buffer) };
    }
    case 'I64':
      return { shape, dtype: 'i64', data: new BigInt64Array(buffer) };
    case 'U32':
      return { shape, dtype: 'i64', data: BigInt64Array.from(new Uint32Array(buffer), BigInt) };
    case 'I32':
      return { shape, dtype: 'i32', data: new Int32Array(buffer) };
    case 'I16':
      return { shape, dtype: 'i32', data: Int32Array.from(new Int16Array(buffer)) };
    case 'U16':
      return { shape, dtype: 'i32', data: Int32Array.from(new Uint16Array(buffer)) };
    case 'I8':
      return { shape, dtype: 'i32', data: Int32Array.from(new Int8Array(buffer)) };
    case 'U8':
    case 'BOOL':
      return { shape, dtype: 'u8', data: copy };
  }
}
