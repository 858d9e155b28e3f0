/** Products that the device does by subgroup matrices: A of M x K and B of K x N, to sums of M x N. */
export interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Not in the standard yet, and therefore unknown to its types. */
export const SUBGROUP_MATRIX = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

/** What the adapter reports, as far as the choice of kernels depends on it. */
export interface Capabilities {
  /** The adapter runs on the CPU (llvmpipe, SwiftShader, WARP). */
  readonly software: boolean;
  /** Lanes of a subgroup where the adapter fixes them and has the `subgroups` feature; otherwise 0. */
  readonly subgroupSize: number;
  /** The most lanes that a subgroup may have; 0 without the feature. */
  readonly subgroupMaxSize: number;
  /** None without the feature SUBGROUP_MATRIX. */
  readonly subgroupMatrices: readonly SubgroupMatrixConfig[];
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

function matrixConfigs(info: GPUAdapterInfo & { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> }) {
  // copies: those of the adapter are objects of the implementation
  return [...(info.subgroupMatrixConfigs ?? [])].map(
    ({ componentType, resultComponentType, M, N, K }): SubgroupMatrixConfig => {
      return { componentType, resultComponentType, M, N, K };
    },
  );
}

export function readCapabilities(adapter: GPUAdapter): Capabilities {
  const { info, features, limits } = adapter;
  const subgroups = features.has('subgroups');
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : 0;
  return {
    software: isSoftwareAdapter(info),
    subgroupSize: subgroups ? (fixed ?? 0) : 0,
    subgroupMaxSize: subgroups ? (info.subgroupMaxSize ?? 0) : 0,
    subgroupMatrices: features.has(SUBGROUP_MATRIX) ? matrixConfigs(info) : [],
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
