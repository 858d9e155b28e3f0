import { describeAdapter } from '../gpu/capabilities';

/** The name of an adapter's device, as its driver gives it to WebGPU. */
export function deviceName(info: GPUAdapterInfo): string {
  return info.device === '' ? describeAdapter(info) : info.device;
}

/** Whether two names are of one device: WebGPU keeps only letters, digits and hyphens of what Vulkan says. */
export function isSameDevice(a: string, b: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '');
  return plain(a) === plain(b);
}
