/**
 * What differs between Node and a browser, handed in from outside so that the core imports neither.
 */
export interface GpuHost {
  readonly gpu: GPU;
  /**
   * Awaits a promise of the GPU. In Node, Dawn polls in a busy loop while one is pending, which takes a core away
   * from a software adapter; the host slows that loop down. In a browser it returns the promise as it is.
   */
  wait<T>(promise: Promise<T>, softwareAdapter: boolean): Promise<T>;
}
