// The npm packages: whether node_modules is what package-lock.json says, and installing them.
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError, run, say } from './run.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 * @typedef {{ os: string, cpu: string, libc: string }} Platform
 */

/** @returns {Platform} */
function currentPlatform() {
  let libc = '';
  if (process.platform === 'linux') {
    const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
    libc = report.header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  }
  return { os: process.platform, cpu: process.arch, libc };
}

/**
 * The packages of the lock file that are not installed, or in another version. `installed` is the lock file that npm
 * keeps inside node_modules.
 *
 * @param {Lock} lock
 * @param {Lock} installed
 * @param {Platform} platform
 */
export function missingPackages(lock, installed, platform) {
  /** @param {LockedPackage} wanted */
  const isFor = ({ os, cpu, libc }) =>
    (os?.includes(platform.os) ?? true) &&
    (cpu?.includes(platform.cpu) ?? true) &&
    (libc?.includes(platform.libc) ?? true);
  return Object.entries(lock.packages)
    .filter(([path, wanted]) => {
      // npm leaves out the optional packages that only optional packages of other platforms want.
      const isWanted = isFor(wanted) && (wanted.optional !== true || wanted.cpu !== undefined);
      const got = installed.packages[path];
      return path !== '' && isWanted && (got?.version !== wanted.version || got?.integrity !== wanted.integrity);
    })
    .map(([path]) => path);
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function missingHere() {
  const inside = join(ROOT, 'node_modules', '.package-lock.json');
  const installed = existsSync(inside) ? readLock(inside) : { packages: {} };
  return missingPackages(readLock(join(ROOT, 'package-lock.json')), installed, currentPlatform());
}

/** npm as a program and leading arguments: the one that started this script where there is one. */
function npmProgram() {
  const path = process.env.npm_execpath;
  if (path !== undefined && /npm-cli\.c?js$/.test(path)) {
    return { program: process.execPath, leading: [path] };
  }
  return { program: 'npm', leading: [] };
}

/**
 * Makes node_modules what package-lock.json says.
 *
 * @throws {SetupError} if npm fails
 */
export async function ensurePackages() {
  const missing = missingHere();
  if (missing.length === 0) {
    say('npm packages: as locked');
  } else {
    say(`npm packages: ${missing.length} missing or outdated, running npm ci`);
    const { program, leading } = npmProgram();
    const code = await run(program, [...leading, 'ci', '--include=dev', '--include=optional', '--no-progress'], {
      shell: program === 'npm' && process.platform === 'win32',
    });
    if (code !== 0) {
      throw new SetupError(
        'npm ci failed: it says above why. Without a network connection nothing can be installed; otherwise run it again.',
      );
    }
  }
  linkCommand();
}

/** npm links the commands of dependencies only: this makes `npx engine` find the command of the clone itself. */
function linkCommand() {
  const bin = join(ROOT, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  if (process.platform === 'win32') {
    writeFileSync(join(bin, 'engine.cmd'), '@node "%~dp0\\..\\..\\bin\\engine.mjs" %*\r\n');
    return;
  }
  const link = join(bin, 'engine');
  const target = join('..', '..', 'bin', 'engine.mjs');
  let current;
  try {
    current = readlinkSync(link);
  } catch {
    current = undefined;
  }
  if (current !== target) {
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}
