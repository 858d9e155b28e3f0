import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/run.mjs';

const exec = promisify(execFile);
const isWindows = process.platform === 'win32';

let folder: string;
let installed: string;
let files: string[];

/**
 * Packs the package and installs it into an empty folder as npm would, but without a network: its dependencies are
 * linked from the repository's own node_modules.
 */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mask-engine-pack-'));
  await exec(process.execPath, ['scripts/build.mjs', '--types'], { cwd: ROOT });
  const { stdout } = await exec('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    shell: isWindows,
  });
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string; files: { path: string }[] }>);
  files = packed.files.map(({ path }) => path);
  installed = join(folder, 'node_modules', 'mask-engine');
  mkdirSync(installed, { recursive: true });
  await exec('tar', ['-xzf', join(folder, packed.filename), '-C', installed, '--strip-components=1']);
  for (const name of await productionPackages()) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link, 'junction');
  }
  mkdirSync(join(folder, 'node_modules', '.bin'));
  symlinkSync(join('..', 'mask-engine', 'bin', 'engine.mjs'), join(folder, 'node_modules', '.bin', 'engine'));
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The names of what lies directly in node_modules and is not for development only. */
async function productionPackages(): Promise<string[]> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path.replace('node_modules/', ''))
    .filter((name) => existsSync(join(ROOT, 'node_modules', name)));
}

describe('the packed package', () => {
  it('holds what users need and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'package.json',
        'bin/engine.mjs',
        'dist/cli.js',
        'dist/index.js',
        'dist/browser.js',
        'dist/types/index.d.ts',
        'dist/types/browser.d.ts',
      ]),
    );
    const folder = join(ROOT, 'configs');
    const configs = readdirSync(folder, { recursive: true })
      .map((path) => `configs/${String(path).replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.yaml'));
    expect(configs.length).toBeGreaterThan(5);
    expect(files).toEqual(expect.arrayContaining(configs));
    expect(files.filter((path) => !/^(bin|dist|configs)\/|^[A-Za-z.]+$/.test(path))).toEqual([]);
    expect(files.filter((path) => path.startsWith('dist/.'))).toEqual([]);
  });

  it('runs its command in an empty folder', async () => {
    const { stdout } = await exec('npx', ['--no', '--', 'engine', 'doctor', '--json'], {
      cwd: folder,
      shell: isWindows,
    }).catch(
      // Exit code 1: something about this machine's GPU is wrong, which is not the package's doing.
      (error: unknown) => error as { stdout: string },
    );
    const facts = JSON.parse(stdout) as { isClone: boolean; dawn: string };
    expect(facts.isClone).toBe(false);
    expect(facts.dawn).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('is imported by its name, in Node and for the browser', async () => {
    const program = `
      const node = await import('mask-engine');
      const browser = await import('mask-engine/browser');
      const error = new node.InputError('x');
      console.log(JSON.stringify([typeof node.createGpu, typeof browser.browserHost, error.name]));`;
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual(['function', 'object', 'InputError']);
  });

  it('has declarations that strict TypeScript reads, with either way of resolving', async () => {
    writeFileSync(
      join(folder, 'use.mts'),
      `import { InputError, nodeHost, type GpuHost } from 'mask-engine';
       import { browserHost } from 'mask-engine/browser';
       const hosts: GpuHost[] = [nodeHost, browserHost];
       const error: Error = new InputError('x');
       // @ts-expect-error a host without a GPU is none
       const wrong: GpuHost = {};
       export const all = [hosts, error, wrong];`,
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = [
      '--strict',
      '--noEmit',
      '--target',
      'es2022',
      '--lib',
      'es2023',
      '--skipLibCheck',
      '--types',
      '@webgpu/types',
    ];
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const how = ['--module', module, '--moduleResolution', resolution];
      const { stdout } = await exec(process.execPath, [tsc, ...options, ...how, 'use.mts'], { cwd: folder }).catch(
        (error: unknown) => error as { stdout: string },
      );
      expect(stdout, resolution).toBe('');
    }
  });
});

describe('the clone', () => {
  it('has the command for npx', async () => {
    const { stdout } = await exec('npx', ['--no', '--', 'engine', '--version'], { cwd: ROOT, shell: isWindows });
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
