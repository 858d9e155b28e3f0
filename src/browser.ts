/** What programs in a browser import: the core, and the browser's side of it. */
import type { GpuHost } from './gpu/host';
import { InputError } from './errors';

export * from './core';

/** What the core needs from a browser. Reading `gpu` throws an InputError where the browser has no WebGPU. */
export const browserHost: GpuHost = {
  get gpu(): GPU {
    const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
    if (navigator?.gpu === undefined) {
      throw new InputError('This browser, or this page (it must come over https or from localhost), has no WebGPU.');
    }
    return navigator.gpu;
  },
  wait: (promise) => promise,
};
