/** What programs in Node import from `mask-engine`: the core of `./browser`, and Node's side of it. */
export * from './core';
export { createGpu, nodeHost } from './node/webgpu';
