import { totalmem } from 'node:os';

/**
 * A software adapter takes the machine's own memory. The system hands out more than there is, and ends the process, without
 * a word, when it is used: so it is to be asked before.
 * @param bytes that the buffers of the device need
 * @param available bytes of the machine, or of the container around the process
 * @returns the rest of a sentence that begins with what needs them; null where they may fit
 */
export function memoryComplaint(bytes: number, available = availableBytes()): string | null {
  const gibibytes = (value: number): string => `${(value / 2 ** 30).toFixed(1)} GiB`;
  return bytes > available
    ? `needs ${gibibytes(bytes)} of memory, and the machine, whose processor is the adapter, has ${gibibytes(available)}`
    : null;
}

function availableBytes(): number {
  // a huge number, or 0, where nothing constrains the process
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}
