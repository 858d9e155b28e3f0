// Mesa's software adapter (llvmpipe) for machines without a GPU: what to install, and installing it.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveBackports } from './apt-sources.mjs';
import { SetupError, run, say } from './run.mjs';

/** @typedef {import('./apt-sources.mjs').SourceFile} SourceFile */

/**
 * @typedef {{ path: string, text: string }} NewSource
 * @typedef {{ source: NewSource | undefined, install: string[] }} MesaPlan `source`: a file to write first; `install`: the
 * arguments of apt-get.
 */

const SOURCES_DIR = '/etc/apt/sources.list.d';
const PACKAGES = ['libvulkan1', 'mesa-vulkan-drivers'];

/**
 * The fields of os-release.
 *
 * @param {string} text
 * @returns {Record<string, string | undefined>}
 */
export function parseOsRelease(text) {
  /** @type {Record<string, string | undefined>} */
  const fields = {};
  for (const [, name, value] of text.matchAll(/^([A-Z_0-9]+)=(.*)$/gm)) {
    fields[name] = value.trim().replace(/^(["'])(.*)\1$/, '$2');
  }
  return fields;
}

/**
 * What to install on this system so that Dawn finds a software adapter: it wants Mesa 24 or newer.
 *
 * @param {Record<string, string | undefined>} os the fields of os-release
 * @param {readonly SourceFile[]} files the machine's apt sources
 * @returns {MesaPlan}
 * @throws {SetupError} where apt has no Mesa that is new enough, or the system is not of Debian's family
 */
export function planMesa(os, files) {
  const name = os.PRETTY_NAME ?? os.ID ?? 'this system';
  const family = [os.ID ?? '', ...(os.ID_LIKE ?? '').split(' ')];
  if (!family.includes('debian') && !family.includes('ubuntu')) {
    throw new SetupError(
      `No WebGPU adapter was found, and on ${name} the set-up cannot install one: install a Vulkan driver for your GPU, or ` +
        "Mesa's software driver, version 24 or newer (mesa-vulkan-drivers on Fedora, vulkan-swrast on Arch), and run it again.",
    );
  }
  const version = Number(os.VERSION_ID ?? Infinity);
  const ordinary = ['install', '-y', '--no-install-recommends', ...PACKAGES];
  if (os.ID === 'debian' && version === 12) {
    const suite = 'bookworm-backports';
    const backports = deriveBackports(files, 'bookworm');
    if (backports.kind === 'none') {
      throw new SetupError(
        `Dawn needs Mesa 24 or newer, which ${name} has in its backports, but no entry of Debian's archive with the suite ` +
          'bookworm was found in /etc/apt to derive their source from: add bookworm-backports there and run it again.',
      );
    }
    const source =
      backports.kind === 'add' ? { path: join(SOURCES_DIR, backports.fileName), text: backports.text } : undefined;
    return { source, install: ['install', '-y', '--no-install-recommends', '-t', suite, ...PACKAGES] };
  }
  if ((os.ID === 'debian' && version < 12) || (os.ID === 'ubuntu' && version < 24.04)) {
    throw new SetupError(
      `No WebGPU adapter was found, and the Mesa of ${name} is too old for Dawn, which needs version 24: ` +
        'use Debian 12, Ubuntu 24.04 or newer, or a machine with a GPU and its Vulkan driver.',
    );
  }
  return { source: undefined, install: ordinary };
}

/**
 * The plan as commands for a person to run.
 *
 * @param {MesaPlan} plan
 */
export function planAsCommands({ source, install }) {
  const write = source === undefined ? [] : [`sudo tee ${source.path} >/dev/null <<'END'\n${source.text}END`];
  return [...write, 'sudo apt-get update', `sudo apt-get ${install.join(' ')}`];
}

/** @returns {SourceFile[]} */
function readSources() {
  const paths = ['/etc/apt/sources.list'];
  if (existsSync(SOURCES_DIR)) {
    const names = readdirSync(SOURCES_DIR).sort();
    paths.push(...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(SOURCES_DIR, name)));
  }
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/**
 * Installs the software adapter, telling what it does; as another user than root it says what to run instead.
 *
 * @throws {SetupError}
 */
export async function installMesa() {
  const os = existsSync('/etc/os-release') ? parseOsRelease(readFileSync('/etc/os-release', 'utf8')) : {};
  const plan = planMesa(os, readSources());
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      "No WebGPU adapter was found. Mesa's software adapter would do; to install it, run these commands (or, on a machine " +
        `with a GPU, install its Vulkan driver), then start this again:\n\n${planAsCommands(plan).join('\n')}\n`,
    );
  }
  say(`no WebGPU adapter: installing Mesa's software adapter (${PACKAGES.join(', ')})`);
  if (plan.source !== undefined) {
    const entry = plan.source.text.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
    say(`adding bookworm-backports, from this machine's own mirror, as ${plan.source.path}:`);
    say(entry.map((line) => `    ${line}`).join('\n'));
    writeFileSync(plan.source.path, plan.source.text);
  }
  const apt = (/** @type {string[]} */ ...args) =>
    run(
      'apt-get',
      ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args],
      {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        // What it unpacks is of no interest, what goes wrong is on stderr.
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  // An unreachable source of somebody else makes the update fail, and the installation may still work.
  await apt('update');
  if ((await apt(...plan.install)) !== 0) {
    if (plan.source !== undefined) {
      rmSync(plan.source.path);
      say(`removed ${plan.source.path} again`);
    }
    throw new SetupError(`The installation of ${PACKAGES.join(' and ')} failed: apt-get says above why.`);
  }
}
