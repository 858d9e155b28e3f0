/** What the adapter reports, as far as the choice of kernels depends on it. */
export interface Capabilities {
  /** The adapter runs on the CPU (llvmpipe, SwiftShader, WARP). */
  readonly software: boolean;
  /** Lanes of a subgroup where the adapter fixes them and has the `subgroups` feature; otherwise 0. */
  readonly subgroupSize: number;
  readonly timestamps: boolean;
  readonly f16: boolean;
  readonly maxWorkgroupSize: number;
  readonly maxWorkgroupMemory: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffers: number;
}

const SOFTWARE_NAMES = /llvmpipe|lavapipe|swiftshader|software|basic render|warp/i;

/** One line that identifies an adapter to a person. */
export function describeAdapter(info: GPUAdapterInfo): string {
  return [info.description, info.vendor, info.architecture, info.device].filter((part) => part !== '').join(', ');
}

export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter === true || SOFTWARE_NAMES.test(describeAdapter(info));
}

export function readCapabilities(adapter: GPUAdapter): Capabilities {
  const { info, features, limits } = adapter;
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : 0;
  return {
    software: isSoftwareAdapter(info),
    subgroupSize: features.has('subgroups') ? (fixed ?? 0) : 0,
    timestamps: features.has('timestamp-query'),
    f16: features.has('shader-f16'),
    maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
    maxWorkgroupMemory: limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
  };
}
