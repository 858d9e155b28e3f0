import { describe, expect, it } from 'vitest';
import { lockfileComplaints } from '../../scripts/lib/lockfile-rules.mjs';
import { missingPackages } from '../../scripts/lib/packages.mjs';

const LINUX = { os: 'linux', cpu: 'x64', libc: 'glibc' };

describe('missingPackages', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' };

  it('finds nothing where all is installed', () => {
    expect(missingPackages({ packages: { '': {}, a } }, { packages: { a } }, LINUX)).toEqual([]);
  });

  it('finds what is absent, of another version, or of another content', () => {
    const lock = { packages: { a, b: a, c: a } };
    const installed = { packages: { b: { ...a, version: '1.0.1' }, c: { ...a, integrity: 'sha512-c' } } };
    expect(missingPackages(lock, installed, LINUX)).toEqual(['a', 'b', 'c']);
  });

  it('wants of the packages for one platform those of this one', () => {
    const optional = true;
    const packages = {
      here: { ...a, optional, os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
      musl: { ...a, optional, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      mac: { ...a, optional, os: ['darwin'], cpu: ['arm64'] },
      ofAnother: { ...a, optional },
    };
    expect(missingPackages({ packages }, { packages: {} }, LINUX)).toEqual(['here']);
  });
});

describe('lockfileComplaints', () => {
  const manifest = { dependencies: { a: '1.0.0' } };
  const sound = { packages: { '': manifest, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } } };

  it('passes a lock file without addresses', () => {
    expect(lockfileComplaints(sound, manifest)).toEqual([]);
  });

  it('names addresses, missing hashes, and what package.json states otherwise', () => {
    const address = { version: '1.0.0', integrity: 'x', resolved: 'https://registry.example/a.tgz' };
    expect(lockfileComplaints({ packages: { '': manifest, a: address } }, manifest)[0]).toMatch(/^a has an address/);
    expect(lockfileComplaints({ packages: { '': manifest, a: { version: '1' } } }, manifest)[0]).toMatch(/no hash/);
    expect(lockfileComplaints(sound, { dependencies: { a: '1.0.1' } })[0]).toMatch(/a is 1.0.0 here and 1.0.1/);
    const loose = { dependencies: { a: '^1.0.0' } };
    expect(lockfileComplaints({ packages: { '': loose } }, loose)[0]).toMatch(/not one exact version/);
  });
});
