/** The GPU refused or lost something: a validation error, memory that ran out, a lost device. Names the op. */
export class GpuError extends Error {
  override readonly name: string = 'GpuError';
}

/** Something is larger than the device allows. The message states the sizes; the way out is the caller's to say. */
export class DeviceMemoryError extends GpuError {
  override readonly name = 'DeviceMemoryError';

  /**
   * @param label of what is too large
   * @param bytes that it needs
   * @param limitName of what it goes beyond, e.g. `the adapter's maxBufferSize`
   * @param limit in bytes
   */
  constructor(
    readonly label: string,
    readonly bytes: number,
    readonly limitName: string,
    readonly limit: number,
  ) {
    super(`${label} needs ${binarySize(bytes)}, and ${limitName} is ${binarySize(limit)}`);
  }
}

function binarySize(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
