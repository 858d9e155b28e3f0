import { findAdapter } from './adapter.mjs';
import { installMesa } from './mesa.mjs';
import { ensurePackages } from './packages.mjs';
import { SetupError, run, say } from './run.mjs';
import { isBuilt } from './build-state.mjs';

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(`Node ${OLDEST_NODE.join('.')} or newer is needed, and this is ${process.versions.node}.`);
  }
}

async function ensureBuild() {
  if (isBuilt()) {
    say('bundles: as built');
  } else if ((await run(process.execPath, ['scripts/build.mjs'])) !== 0) {
    throw new SetupError('The bundles could not be built: esbuild says above why.');
  }
}

async function ensureAdapter() {
  let { adapter, said } = await findAdapter();
  if (adapter === undefined && /ERR_DLOPEN_FAILED|ERR_MODULE_NOT_FOUND/.test(said)) {
    throw new SetupError(`The package "webgpu" (Dawn) does not load here; on Linux it needs glibc 2.34.\n${said}`);
  }
  if (adapter === undefined && process.platform === 'linux') {
    await installMesa();
    ({ adapter, said } = await findAdapter());
  }
  if (adapter === undefined) {
    throw new SetupError(
      `Dawn finds no WebGPU adapter: install or update the driver of the GPU, then run this again.${said && `\n${said}`}`,
    );
  }
  say(`WebGPU adapter: ${adapter.description}${adapter.software ? ' (software: it works, slowly)' : ''}`);
}

/**
 * Node's version, npm packages, bundles, adapter: each looked at, and mended where it is not as it should be.
 *
 * @throws {SetupError} where a person has to do something
 */
export async function setUp() {
  checkNode();
  await ensurePackages();
  await ensureBuild();
  await ensureAdapter();
}
