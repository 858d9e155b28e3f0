/** The public core, the same in Node and in a browser. */
export { InputError } from './errors';
export { GpuError } from './gpu/errors';
export type { GpuHost } from './gpu/host';
