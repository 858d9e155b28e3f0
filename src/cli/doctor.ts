import type { Command } from 'commander';
import type { AdapterChoice } from '../gpu/device';
import { adapterOption } from './adapter-option';
import { SEVERITY_MARKS, diagnose, type Facts, type Finding } from './diagnosis';
import { examine } from './examination';
import { ExitCode } from './exit-code';

/** `engine doctor`: what the machine offers, and for each thing that is wrong the sentence that mends it. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show the WebGPU adapter, its features and limits, and what is wrong with this machine')
    .option('--json', 'print everything as JSON')
    .addOption(adapterOption())
    .action(async (options: { json?: boolean; adapter: AdapterChoice }) => {
      const facts = await examine(options.adapter);
      const findings = diagnose(facts);
      const healthy = findings.every(({ severity }) => severity !== 'wrong');
      console.log(
        options.json === true ? JSON.stringify({ healthy, ...facts, findings }, null, 2) : describe(facts, findings),
      );
      if (!healthy) {
        throw new ExitCode(1);
      }
    });
}

/** The limits that decide what fits: the rest is in --json. */
const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
  'maxTextureDimension2D',
];

function describe(facts: Facts, findings: readonly Finding[]): string {
  const rows: [string, string][] = [
    ['engine', facts.engine],
    ['Node', `${facts.node} on ${facts.system} (${facts.platform})`],
    ['Dawn', facts.dawn === null ? 'does not load' : `webgpu ${facts.dawn}`],
  ];
  const { adapter } = facts;
  if (adapter === null) {
    rows.push(['adapter', 'none']);
  } else {
    rows.push(
      ['adapter', [adapter.device, adapter.architecture, adapter.vendor].filter((part) => part !== '').join(', ')],
      ['driver', adapter.driver],
      ['kind', adapter.software ? 'software (runs on the CPU)' : 'hardware'],
      ['subgroups', describeSubgroups(adapter)],
      ['features', adapter.features.join(', ')],
      ...SHOWN_LIMITS.map((name): [string, string] => [name, describeLimit(name, adapter.limits[name])]),
    );
  }
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => name.padEnd(width) + value);
  lines.push('');
  for (const { severity, says, mend } of findings) {
    lines.push(`${SEVERITY_MARKS[severity]}: ${says}${mend === '' ? '' : `\n  ${mend.replaceAll('\n', '\n  ')}`}`);
  }
  if (findings.length === 0) {
    lines.push('Nothing is wrong.');
  }
  return lines.join('\n');
}

function describeSubgroups(adapter: NonNullable<Facts['adapter']>): string {
  if (!adapter.features.includes('subgroups')) {
    return 'none';
  }
  const [min, max] = adapter.subgroupSizes;
  return min === max ? `${min} lanes` : `${min} to ${max} lanes`;
}

function describeLimit(name: string, value: number | undefined): string {
  if (value === undefined) {
    return 'unknown';
  }
  const isBytes = name.endsWith('Size') && value >= 1024;
  const unit = value >= 2 ** 20 ? 'MiB' : 'KiB';
  const inUnit = Math.round((value / (unit === 'MiB' ? 2 ** 20 : 2 ** 10)) * 10) / 10;
  return isBytes ? `${value} (${inUnit} ${unit})` : String(value);
}
