import { cpus, loadavg } from 'node:os';
import type { GpuDevice } from '../gpu/device';
import { packageVersion } from '../node/package-root';
import { deviceName } from './device_name';

/** What figures were measured on. */
export interface Machine {
  readonly engine: string;
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  /** Over the last minute, as the benchmark began: timings beside other work say little. */
  readonly load: number;
  readonly adapter: { readonly name: string; readonly driver: string; readonly software: boolean };
}

export function thisMachine(gpu: GpuDevice): Machine {
  const processors = cpus();
  const [load] = loadavg();
  return {
    engine: packageVersion(),
    node: process.versions.node,
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    load,
    adapter: {
      name: deviceName(gpu.adapter.info),
      driver: gpu.adapter.info.description,
      software: gpu.capabilities.software,
    },
  };
}

export function machineLines({ adapter, processor, cores, load }: Machine): string[] {
  const kind = adapter.software ? 'software (runs on the CPU)' : 'hardware';
  return [
    `adapter    ${adapter.name}, ${kind}`,
    `driver     ${adapter.driver}`,
    `processor  ${processor}, ${cores} cores, load ${load.toFixed(1)}`,
  ];
}
