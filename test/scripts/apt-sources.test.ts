import { describe, expect, it } from 'vitest';
import { deriveBackports, parseSources } from '../../scripts/lib/apt-sources.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEB822 = `Types: deb
# a dated mirror stood here
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: ${KEYRING}

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: ${KEYRING}
`;
const debianSources = (text: string) => [{ path: '/etc/apt/sources.list.d/debian.sources', text }];
const list = (text: string) => [{ path: '/etc/apt/sources.list', text }];

/** The derived file's lines without its comment. */
function added(files: { path: string; text: string }[], codename = 'bookworm'): { fileName: string; lines: string[] } {
  const result = deriveBackports(files, codename);
  if (result.kind !== 'add') {
    throw new Error(`nothing added: ${result.kind}`);
  }
  expect(result.text.endsWith('\n')).toBe(true);
  const lines = result.text.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^# .*backports/);
  return { fileName: result.fileName, lines: lines.slice(1) };
}

describe('deriveBackports', () => {
  it('takes mirror and key of a deb822 entry, and leaves the security entry', () => {
    expect(added(debianSources(DEB822))).toEqual({
      fileName: 'mask-engine-backports.sources',
      lines: [
        'Types: deb',
        'URIs: http://mirror.example/debian',
        'Suites: bookworm-backports',
        'Components: main',
        `Signed-By: ${KEYRING}`,
      ],
    });
  });

  it('writes a file from which it sees that the source is there', () => {
    for (const files of [debianSources(DEB822), list('deb http://mirror.example/debian bookworm main\n')]) {
      const result = deriveBackports(files, 'bookworm');
      if (result.kind !== 'add') {
        throw new Error('nothing added');
      }
      const own = { path: `/etc/apt/sources.list.d/${result.fileName}`, text: result.text };
      expect(deriveBackports([...files, own], 'bookworm')).toEqual({ kind: 'present' });
    }
  });

  it('keeps the options of a one-line entry, and skips comments, sources, CDs and security', () => {
    const text = `# deb http://old.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb-src http://mirror.example/debian bookworm main
deb [signed-by=${KEYRING}] http://mirror.example/debian-security bookworm-security main
deb [ arch=amd64  signed-by=${KEYRING} ] https://mirror.example/debian/ bookworm main contrib # ours
deb https://mirror.example/debian/ bookworm-updates main
`;
    expect(added(list(text))).toEqual({
      fileName: 'mask-engine-backports.list',
      lines: [`deb [arch=amd64 signed-by=${KEYRING}] https://mirror.example/debian/ bookworm-backports main`],
    });
  });

  it('writes a one-line entry without options as such', () => {
    expect(added(list('deb http://mirror.example/debian bookworm main\r\n')).lines).toEqual([
      'deb http://mirror.example/debian bookworm-backports main',
    ]);
  });

  it('keeps a key that stands in the entry in full, and other fields that matter', () => {
    const key = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----';
    const text = `Enabled: yes\nTypes: deb deb-src\nURIs: http://a.example/debian\n http://b.example/debian\nSuites: bookworm\nComponents: main\nCheck-Valid-Until: no\nX-Repolib-Name: Debian\n${key}\n`;
    expect(added(debianSources(text)).lines).toEqual([
      'Types: deb',
      'URIs: http://a.example/debian http://b.example/debian',
      'Suites: bookworm-backports',
      'Components: main',
      'Check-Valid-Until: no',
      ...key.split('\n'),
    ]);
  });

  it("prefers Debian's archive to others that name their suites after Debian's", () => {
    const others = [
      { path: '/etc/apt/sources.list.d/a.list', text: 'deb https://other.example/node_20.x bookworm main\n' },
      { path: '/etc/apt/sources.list.d/b.list', text: 'deb https://other.example/linux/debian bookworm stable\n' },
    ];
    expect(added([...others, ...debianSources(DEB822)]).lines).toContain('URIs: http://mirror.example/debian');
    const plain = 'deb http://mirror.example/pub/debian bookworm main\n';
    expect(added([...others, ...list(plain)]).lines).toEqual([
      'deb http://mirror.example/pub/debian bookworm-backports main',
    ]);
  });

  it('adds none where one is there, in either form', () => {
    const withSuite = DEB822.replace('bookworm-updates', 'bookworm-updates bookworm-backports');
    expect(deriveBackports(debianSources(withSuite), 'bookworm')).toEqual({ kind: 'present' });
    const line = 'deb http://mirror.example/debian bookworm-backports main\n';
    expect(deriveBackports([...debianSources(DEB822), ...list(line)], 'bookworm')).toEqual({ kind: 'present' });
  });

  it('does not count what is commented out, disabled, for sources, or without main', () => {
    const without = [
      list('#deb http://mirror.example/debian bookworm-backports main\n'),
      list('deb-src http://mirror.example/debian bookworm-backports main\n'),
      list('deb http://mirror.example/debian bookworm-backports contrib\n'),
      debianSources(
        'Enabled: no\nTypes: deb\nURIs: http://x.example/debian\nSuites: bookworm-backports\nComponents: main\n',
      ),
    ];
    for (const files of without) {
      expect(deriveBackports([...files, ...debianSources(DEB822)], 'bookworm').kind).toBe('add');
    }
  });

  it('gives up without an entry to derive from', () => {
    expect(deriveBackports([], 'bookworm')).toEqual({ kind: 'none' });
    expect(deriveBackports(list('deb http://mirror.example/ubuntu noble main\n'), 'bookworm')).toEqual({
      kind: 'none',
    });
    expect(deriveBackports(debianSources(DEB822.replaceAll('bookworm', 'trixie')), 'bookworm')).toEqual({
      kind: 'none',
    });
  });
});

describe('parseSources', () => {
  it('separates deb822 entries at lines that look empty', () => {
    const text =
      'Types: deb\nURIs: http://a.example/\nSuites: x\nComponents: main\n \t\n\nTypes: deb\nURIs: http://b.example/\nSuites: y\n';
    expect(parseSources({ path: 'a.sources', text }).map(({ uris }) => uris)).toEqual([
      ['http://a.example/'],
      ['http://b.example/'],
    ]);
  });
});
