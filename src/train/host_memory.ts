import { totalmem } from 'node:os';

/**
 * Bytes of memory of the machine, or of the container around the process. A software adapter takes its buffers from them: the
 * system hands out more than there is, and ends the process, without a word, when it is used, so this is to be asked before.
 */
export function hostMemory(): number {
  // a huge number, or 0, where nothing constrains the process
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}
