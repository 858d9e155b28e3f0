import { describe, expect, it } from 'vitest';
import { diagnose, type AdapterFacts, type Facts } from '../../src/cli/diagnosis';

const HARDWARE: AdapterFacts = {
  name: 'NVIDIA H100',
  vendor: 'nvidia',
  architecture: 'hopper',
  device: '0x2330',
  driver: 'NVIDIA: 570.0',
  software: false,
  subgroupSizes: [32, 32],
  features: ['shader-f16', 'subgroups', 'timestamp-query'],
  limits: {},
};
const SOFTWARE: AdapterFacts = { ...HARDWARE, name: 'llvmpipe', software: true };
const FINE: Facts = {
  engine: '0.1.0',
  node: '20.19.0',
  platform: 'linux-x64',
  system: 'Debian GNU/Linux 12 (bookworm)',
  osId: 'debian',
  osVersion: '12',
  dawn: '0.6.2',
  adapter: HARDWARE,
  problem: null,
  nvidia: '/dev/nvidia0',
  mesa: null,
  isClone: true,
};

/** The findings as `severity: what it says | how to mend it`. */
const told = (changes: Partial<Facts>): string[] =>
  diagnose({ ...FINE, ...changes }).map(({ severity, says, mend }) => `${severity}: ${says} | ${mend}`);

describe('diagnose', () => {
  it('finds nothing wrong with a GPU that has every feature', () => {
    expect(told({})).toEqual([]);
    expect(told({ node: '22.0.0' })).toEqual([]);
  });

  it('tells an old Node', () => {
    expect(told({ node: '20.18.3' })).toEqual([expect.stringMatching(/^wrong: Node 20.18.3 is older than 20.19/)]);
    expect(told({ node: '18.20.0' })).toHaveLength(1);
  });

  it('tells a missing Dawn, and what Dawn said when it failed', () => {
    expect(told({ dawn: null, adapter: null })).toEqual([expect.stringMatching(/^wrong: .*not installed.*npm ci/)]);
    expect(told({ adapter: null, problem: 'GLIBC_2.34 not found' })[0]).toMatch(
      /^wrong: No WebGPU adapter: GLIBC_2.34 not found\. \| ./,
    );
    expect(told({ problem: 'out of memory' })[0]).toMatch(/^wrong: The adapter gives no device: out of memory\./);
  });

  it('names the mend for no adapter: by system, by what is installed, in a clone and outside', () => {
    const none = { adapter: null, nvidia: null, problem: 'none was found' };
    expect(told(none)[0]).toMatch(/^wrong: No WebGPU adapter: none was found.*npm run setup/);
    expect(told({ ...none, mesa: '22.3.6-1+deb12u2' })[0]).toMatch(/Mesa 22.3.6-1\+deb12u2 is installed.* 24 or newer/);
    expect(told({ ...none, mesa: '25.0.7-2' })[0]).not.toMatch(/is installed/);
    expect(told({ ...none, isClone: false })[0]).toMatch(
      /add bookworm-backports.*apt-get install -t bookworm-backports/,
    );
    expect(told({ ...none, isClone: false, osVersion: '13' })[0]).toMatch(/`apt-get install libvulkan1 mesa-vulkan/);
    expect(told({ ...none, nvidia: '/dev/nvidia0' })[0]).toMatch(/Install NVIDIA's driver with its Vulkan part/);
    expect(told({ ...none, osId: 'fedora' })[0]).toMatch(/install Mesa's software driver/);
    expect(told({ ...none, platform: 'win32-x64', osId: 'win32' })[0]).not.toMatch(/Mesa/);
  });

  it('tells a software adapter: wrong beside an NVIDIA device, a note without', () => {
    expect(told({ adapter: SOFTWARE })).toEqual([
      expect.stringMatching(/^wrong: .*NVIDIA device \(\/dev\/nvidia0\).*NVIDIA_DRIVER_CAPABILITIES/),
    ]);
    expect(told({ adapter: SOFTWARE, nvidia: null })).toEqual([expect.stringMatching(/^note: This is a software/)]);
  });

  it('tells what is slower without a feature, the worst first', () => {
    const findings = told({ adapter: { ...SOFTWARE, features: [] }, nvidia: null, node: '20.0.0' });
    expect(findings.map((text) => text.split(':')[0])).toEqual(['wrong', 'slower', 'slower', 'slower', 'note']);
    expect(findings[1]).toMatch(/no subgroups/);
    expect(findings[2]).toMatch(/no timestamp-query/);
  });
});
