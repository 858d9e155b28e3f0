/** What `engine doctor` finds out about the adapter. */
export interface AdapterFacts {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly driver: string;
  readonly software: boolean;
  /** The smallest and the largest number of lanes. */
  readonly subgroupSizes: readonly [number, number];
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** What `engine doctor` finds out about the machine. */
export interface Facts {
  readonly engine: string;
  readonly node: string;
  /** For example linux-x64. */
  readonly platform: string;
  readonly system: string;
  /** The fields ID and VERSION_ID of os-release; elsewhere Node's name of the platform, and nothing. */
  readonly osId: string;
  readonly osVersion: string;
  /** The version of the npm package `webgpu`, null where it is not installed. */
  readonly dawn: string | null;
  readonly adapter: AdapterFacts | null;
  /** Why there is no adapter, or no device from it; null where there are both. */
  readonly problem: string | null;
  /** Where an NVIDIA device shows, null where none does. */
  readonly nvidia: string | null;
  /** The version of Debian's package mesa-vulkan-drivers, null where it is not installed. */
  readonly mesa: string | null;
  /** Run from a clone, with scripts/setup.mjs. */
  readonly isClone: boolean;
}

/** `wrong`: the engine does not run, or not on the GPU that is there; `slower`: it runs with less. */
export type Severity = 'wrong' | 'slower' | 'note';

export interface Finding {
  readonly severity: Severity;
  readonly says: string;
  /** The sentence that mends it, empty where there is nothing to do. */
  readonly mend: string;
}

export const SEVERITY_MARKS: Readonly<Record<Severity, string>> = { wrong: 'WRONG', slower: 'slower', note: 'note' };

/** The oldest Node, as in package.json. */
const OLDEST_NODE: readonly [number, number] = [20, 19];

/** The oldest Mesa whose software adapter Dawn accepts. */
const OLDEST_MESA = 24;

/** Features that some kernels or reports want: what is lost without them. */
const WANTED_FEATURES: readonly (readonly [string, string])[] = [
  ['subgroups', 'convolutions and matrix products use kernels without subgroups, which are several times slower'],
  ['timestamp-query', '--profile and engine bench cannot time single kernels, only the whole'],
  ['shader-f16', 'weights and activations cannot be stored as f16, which takes twice the memory'],
];

/** Draws the conclusions; the worst first. */
export function diagnose(facts: Facts): Finding[] {
  const findings = [...diagnoseNode(facts), ...diagnoseAdapter(facts)];
  const order: Severity[] = ['wrong', 'slower', 'note'];
  return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function diagnoseNode({ node }: Facts): Finding[] {
  const [major, minor] = node.split('.').map(Number);
  const [oldMajor, oldMinor] = OLDEST_NODE;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) {
    return [];
  }
  const says = `Node ${node} is older than ${OLDEST_NODE.join('.')}.`;
  return [{ severity: 'wrong', says, mend: 'Install a newer Node, for example the current long-term release.' }];
}

function diagnoseAdapter(facts: Facts): Finding[] {
  const { adapter, dawn, problem } = facts;
  if (dawn === null) {
    return [{ severity: 'wrong', says: 'The npm package "webgpu" (Dawn) is not installed.', mend: 'Run `npm ci`.' }];
  }
  if (adapter === null) {
    return [{ severity: 'wrong', says: `No WebGPU adapter: ${problem}.`, mend: driverAdvice(facts) }];
  }
  const findings: Finding[] = [];
  if (problem !== null) {
    findings.push({ severity: 'wrong', says: `The adapter gives no device: ${problem}.`, mend: driverAdvice(facts) });
  }
  if (adapter.software) {
    findings.push(facts.nvidia === null ? SOFTWARE_NOTE : unusedNvidia(facts.nvidia));
  }
  for (const [feature, loss] of WANTED_FEATURES) {
    if (!adapter.features.includes(feature)) {
      const says = `The adapter has no ${feature}: ${loss}.`;
      findings.push({ severity: 'slower', says, mend: 'A newer driver may have it.' });
    }
  }
  return findings;
}

const SOFTWARE_NOTE: Finding = {
  severity: 'note',
  says: 'This is a software adapter: everything works, on the CPU, and slowly.',
  mend: "If the machine has a GPU, install its maker's driver with Vulkan.",
};

function unusedNvidia(where: string): Finding {
  return {
    severity: 'wrong',
    says: `There is an NVIDIA device (${where}), and Dawn uses the software adapter.`,
    mend:
      "Install NVIDIA's driver with its Vulkan part (nvidia_icd.json, libGLX_nvidia.so.0, libEGL); in a container, start it " +
      'with NVIDIA_DRIVER_CAPABILITIES=all, or name the file in VK_DRIVER_FILES.',
  };
}

function driverAdvice(facts: Facts): string {
  const ofGpu =
    facts.nvidia === null
      ? 'On a machine with a GPU, install or update its driver (with Vulkan on Linux).'
      : unusedNvidia(facts.nvidia).mend;
  if (!facts.platform.startsWith('linux')) {
    return ofGpu;
  }
  const old = facts.mesa !== null && Number.parseInt(facts.mesa) < OLDEST_MESA;
  const why = old ? `Mesa ${facts.mesa} is installed, and Dawn needs ${OLDEST_MESA} or newer. ` : '';
  return `${why}${ofGpu} Without one, ${softwareAdvice(facts)}`;
}

function softwareAdvice({ osId, osVersion, isClone }: Facts): string {
  if (osId !== 'debian' && osId !== 'ubuntu') {
    return `install Mesa's software driver, version ${OLDEST_MESA} or newer.`;
  }
  if (isClone) {
    return "run `npm run setup` in this clone: it installs Mesa's software adapter.";
  }
  const isBookworm = osId === 'debian' && osVersion === '12';
  const target = isBookworm ? '-t bookworm-backports ' : '';
  const first = isBookworm ? 'add bookworm-backports to the sources of apt, and ' : '';
  return `${first}run \`apt-get install ${target}libvulkan1 mesa-vulkan-drivers\` as root: Mesa's software adapter.`;
}
