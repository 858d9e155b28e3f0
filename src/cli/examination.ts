import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorText } from '../data/file_error';
import { describeAdapter, isSoftwareAdapter } from '../gpu/capabilities';
import { GpuDevice, requestAdapter, type AdapterChoice } from '../gpu/device';
import { packageRoot, packageVersion } from '../node/package-root';
import { createGpu, nodeHost } from '../node/webgpu';
import type { AdapterFacts, Facts } from './diagnosis';

/** Looks at this machine: Node, Dawn, the adapter, the drivers. Never throws. */
export async function examine(choice: AdapterChoice = 'auto'): Promise<Facts> {
  const { adapter, problem } = await examineAdapter(choice);
  const os = readOsRelease();
  return {
    engine: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    system: os.PRETTY_NAME ?? process.platform,
    osId: os.ID ?? process.platform,
    osVersion: os.VERSION_ID ?? '',
    dawn: dawnVersion(),
    adapter,
    problem,
    nvidia: await nvidiaDevice(),
    mesa: await installedMesa(),
    isClone: existsSync(join(packageRoot(), 'scripts', 'setup.mjs')),
  };
}

async function examineAdapter(choice: AdapterChoice): Promise<Pick<Facts, 'adapter' | 'problem'>> {
  let adapter: AdapterFacts | null = null;
  try {
    adapter = readAdapter(await requestAdapter(createGpu(), choice));
    await GpuDevice.open(nodeHost, choice);
    return { adapter, problem: null };
  } catch (error) {
    return { adapter, problem: errorText(error) };
  }
}

function readAdapter(adapter: GPUAdapter): AdapterFacts {
  const { info } = adapter;
  const limits: Record<string, number> = {};
  // The limits are getters of the prototype: only `in` lists them.
  for (const name in adapter.limits) {
    const value: unknown = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') {
      limits[name] = value;
    }
  }
  return {
    name: describeAdapter(info),
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    driver: info.description,
    software: isSoftwareAdapter(info),
    subgroupSizes: [info.subgroupMinSize ?? 0, info.subgroupMaxSize ?? 0],
    features: [...adapter.features].sort(),
    limits,
  };
}

function dawnVersion(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve('webgpu');
    const text = readFileSync(join(dirname(entry), 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return null;
  }
}

function readOsRelease(): Partial<Record<string, string>> {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) {
    return {};
  }
  const fields: Partial<Record<string, string>> = {};
  for (const [, name, value] of readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)=(.*)$/gm)) {
    fields[name] = value.replace(/^(["'])(.*)\1$/, '$2');
  }
  return fields;
}

/** Where the system shows an NVIDIA device, whether or not a driver serves it. */
async function nvidiaDevice(): Promise<string | null> {
  if (process.platform !== 'linux') {
    return null;
  }
  const node = existsSync('/dev') ? readdirSync('/dev').find((name) => /^nvidia\d+$/.test(name)) : undefined;
  if (node !== undefined) {
    return `/dev/${node}`;
  }
  const listed = await output('lspci', []);
  return listed?.split('\n').find((line) => /(VGA|3D).*NVIDIA/i.test(line)) ?? null;
}

/** The version of Debian's package of Mesa's Vulkan drivers. */
async function installedMesa(): Promise<string | null> {
  const version = await output('dpkg-query', ['-W', '-f', '${Version}', 'mesa-vulkan-drivers']);
  return version === null || version === '' ? null : version;
}

async function output(program: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await promisify(execFile)(program, args, { timeout: 5000 })).stdout.trim();
  } catch {
    return null;
  }
}
