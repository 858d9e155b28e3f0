/** The GPU refused or lost something: a validation error, memory that ran out, a lost device. Names the op. */
export class GpuError extends Error {
  override readonly name = 'GpuError';
}
