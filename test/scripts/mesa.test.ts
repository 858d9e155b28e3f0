import { describe, expect, it } from 'vitest';
import { parseOsRelease, planAsCommands, planMesa } from '../../scripts/lib/mesa.mjs';

const DEBIAN = (version: string) =>
  `PRETTY_NAME="Debian GNU/Linux ${version}"\nID=debian\nVERSION_ID="${version}"\nVERSION_CODENAME=x\n`;
const UBUNTU = (version: string) =>
  `PRETTY_NAME="Ubuntu ${version}"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="${version}"\n`;
const SOURCES = [{ path: '/etc/apt/sources.list', text: 'deb http://mirror.example/debian bookworm main\n' }];
const ORDINARY = ['install', '-y', '--no-install-recommends', 'libvulkan1', 'mesa-vulkan-drivers'];

const plan = (osRelease: string, files = SOURCES) => planMesa(parseOsRelease(osRelease), files);

describe('planMesa', () => {
  it('takes backports on Debian 12, adding their source', () => {
    const { source, install } = plan(DEBIAN('12'));
    expect(source?.path).toBe('/etc/apt/sources.list.d/mask-engine-backports.list');
    expect(source?.text).toContain('deb http://mirror.example/debian bookworm-backports main');
    expect(install).toEqual([...ORDINARY.slice(0, 3), '-t', 'bookworm-backports', ...ORDINARY.slice(3)]);
  });

  it('adds no source on Debian 12 where backports are there', () => {
    const there = [...SOURCES, { path: 'b.list', text: 'deb http://mirror.example/debian bookworm-backports main\n' }];
    expect(plan(DEBIAN('12'), there).source).toBeUndefined();
    expect(plan(DEBIAN('12'), there).install).toContain('bookworm-backports');
  });

  it('takes the ordinary package on Debian 13, testing, Ubuntu 24.04 and their relatives', () => {
    const relatives = [
      'ID=debian\nVERSION_CODENAME=forky\n',
      'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n',
    ];
    for (const os of [DEBIAN('13'), UBUNTU('24.04'), UBUNTU('26.04'), ...relatives]) {
      expect(plan(os)).toEqual({ source: undefined, install: ORDINARY });
    }
  });

  it('says what to do where it cannot install', () => {
    expect(() => plan(DEBIAN('11'))).toThrow(/Debian GNU\/Linux 11 is too old.*use Debian 12/s);
    expect(() => plan(UBUNTU('22.04'))).toThrow(/Ubuntu 22.04 is too old/);
    expect(() => plan('ID=fedora\nPRETTY_NAME="Fedora Linux 43"\n')).toThrow(
      /on Fedora Linux 43.*mesa-vulkan-drivers/s,
    );
    expect(() => plan('')).toThrow(/install a Vulkan driver/);
    expect(() => plan(DEBIAN('12'), [])).toThrow(/add bookworm-backports/);
  });
});

describe('planAsCommands', () => {
  it('prints what a person runs, with the derived source', () => {
    expect(planAsCommands(plan(DEBIAN('12'))).join('\n')).toMatch(
      /^sudo tee \/etc\/apt\/sources\.list\.d\/mask-engine-backports\.list >\/dev\/null <<'END'\n# .*\ndeb http:\/\/mirror\.example\/debian bookworm-backports main\nEND\nsudo apt-get update\nsudo apt-get install -y --no-install-recommends -t bookworm-backports libvulkan1 mesa-vulkan-drivers$/,
    );
    expect(planAsCommands(plan(DEBIAN('13')))).toEqual(['sudo apt-get update', `sudo apt-get ${ORDINARY.join(' ')}`]);
  });
});
