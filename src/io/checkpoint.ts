import { InputError } from '../errors';
import { formatShape, quoteName } from './text';

/**
 * A tensor in host memory, dense and row-major, in the layout of the file (PyTorch's: OIHW for convolutions,
 * [out, in] for linear layers). Every float kind of a file becomes f32; integers keep what counters need.
 */
export type HostTensor =
  | { shape: number[]; dtype: 'f32'; data: Float32Array }
  | { shape: number[]; dtype: 'i64'; data: BigInt64Array }
  | { shape: number[]; dtype: 'i32'; data: Int32Array }
  | { shape: number[]; dtype: 'u8'; data: Uint8Array };

/** The forms of weight files that are read. */
export type CheckpointFormat = 'safetensors' | 'pytorch-zip' | 'pytorch-legacy' | 'npy-folder';

/** The tensors of one file of weights, by the names in the file. */
export interface Checkpoint {
  /** The file as the user named it; messages begin with it. */
  file: string;
  format: CheckpointFormat;
  tensors: Map<string, HostTensor>;
  /** safetensors' `__metadata__`; empty for the others. */
  metadata: Record<string, string>;
}

const exponentMask = 0x7f800000;
const fractionMask = 0x007fffff;

/** Index of the first NaN or infinity, or -1. It looks at the bits: comparisons on NaN may be optimised away. */
export function firstNonFinite(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & exponentMask) === exponentMask) {
      return i;
    }
  }
  return -1;
}

/**
 * Holds every float tensor of a checkpoint to finite values.
 *
 * @throws InputError naming the file, the first tensor that holds NaN or infinity, and the index of the first one
 */
export function checkFinite(checkpoint: Checkpoint): void {
  for (const [name, tensor] of checkpoint.tensors) {
    if (tensor.dtype !== 'f32') {
      continue;
    }
    const index = firstNonFinite(tensor.data);
    if (index >= 0) {
      const bits = new Uint32Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length)[index];
      const what = (bits & fractionMask) !== 0 ? 'NaN' : 'an infinity';
      throw new InputError(
        `${checkpoint.file}: tensor ${quoteName(name)} of shape ${formatShape(tensor.shape)} holds ${what} at index ` +
          `${index}, so the model cannot work; use a checkpoint from before the training diverged.`,
      );
    }
  }
}
