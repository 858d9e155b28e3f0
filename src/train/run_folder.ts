import { copyFile, link, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelSection } from '../config/load';
import { errorCode, readError, writeError } from '../data/file_error';
import { makeFolder } from '../data/make_folder';
import { writeFile } from '../data/write_file';
import { InputError } from '../errors';
import {
  loadResumable,
  saveCheckpoint,
  type NamedTensor,
  type ResumableCheckpoint,
  type TrainingState,
} from './checkpoint';

const CONFIG = 'config.yaml';
const LAST = 'last.safetensors';
const BEST = 'best.safetensors';
const EARLIER = /^step-(\d{8,})\.safetensors$/;
/** What AtomicFile and this file write to before they rename it; a killed process leaves it behind. */
const TEMPORARY = /\.(\d+)\.tmp$/;

type Tensors = ReadonlyMap<string, NamedTensor>;

/**
 * The folder of a training run: config.yaml (resolved), last.safetensors (to resume from), best.safetensors (weights alone,
 * for inference), step-NNNNNNNN.safetensors (earlier ones), and what the logs write. At any moment after the first
 * `saveLast`, last.safetensors is there and whole.
 */
export class RunFolder {
  private constructor(
    readonly path: string,
    private resolvedYaml: string,
    /** Steps of last.safetensors; null while there is none. */
    private lastStep: number | null,
  ) {}

  /**
   * A folder for a new run. Nothing is written before `configure`.
   * @throws InputError where it holds files already, or is none
   */
  static async choose(path: string): Promise<RunFolder> {
    const names = await readdir(path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return [] as string[];
      }
      throw writeError(error, path);
    });
    if (names.length > 0) {
      throw new InputError(
        names.includes(LAST)
          ? `${path} holds a run already: go on with it by --resume ${path}, or name another output folder`
          : `${path} already holds files: name a new or empty output folder`,
      );
    }
    return new RunFolder(path, '', null);
  }

  /**
   * The folder of a run to go on with, and the checkpoint to go on from. What a killed process left half-written is removed.
   * @throws InputError where it is none, or its last checkpoint cannot be read
   */
  static async open(path: string): Promise<{ folder: RunFolder; checkpoint: ResumableCheckpoint }> {
    const names = await readdir(path).catch((error: unknown) => {
      throw errorCode(error) === 'ENOTDIR'
        ? new InputError(`${path} is a file: --resume takes the folder of a run`)
        : readError(error, 'the run', path);
    });
    if (!names.includes(LAST)) {
      throw new InputError(
        names.includes(CONFIG)
          ? `${path} holds no ${LAST}, for the run ended before its first checkpoint: start it anew in another folder`
          : `${path} is not the folder of a run (it holds no ${LAST}): check the path after --resume`,
      );
    }
    await Promise.all(names.filter(isLeftOver).map((name) => rm(join(path, name), { force: true })));
    const checkpoint = await loadResumable(join(path, LAST)).catch(async (error: unknown) => {
      throw error instanceof InputError ? await withWayOut(error, path) : error;
    });
    // The user may have changed the file since.
    const configYaml = names.includes(CONFIG) ? await readText(join(path, CONFIG)) : checkpoint.configYaml;
    return { folder: new RunFolder(path, configYaml, checkpoint.state.step), checkpoint };
  }

  /** The resolved configuration; empty before `configure` of a new run. */
  get configYaml(): string {
    return this.resolvedYaml;
  }

  /**
   * Makes config.yaml, and the checkpoints from now on, state this configuration. Makes the folder where there is none.
   * @throws InputError where it cannot be written
   */
  async configure(resolvedYaml: string): Promise<void> {
    await makeFolder(this.path).catch((error: unknown) => {
      throw writeError(error, this.path);
    });
    await writeFile(join(this.path, CONFIG), resolvedYaml);
    this.resolvedYaml = resolvedYaml;
  }

  /** Where last.safetensors, best.safetensors and other files of the run lie. */
  get last(): string {
    return join(this.path, LAST);
  }

  get best(): string {
    return join(this.path, BEST);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /**
   * Makes this the checkpoint to resume from. The one before stays as one of the `keep` earlier ones.
   * @param tensors as `Checkpoint.tensors`, all that a resumed run needs
   * @throws InputError where it cannot be written; the checkpoint before is then still there
   */
  async saveLast(tensors: Tensors, state: TrainingState, keep: number): Promise<void> {
    if (keep > 0 && this.lastStep !== null && this.lastStep !== state.step) {
      await this.keepLast(this.lastStep);
    }
    await saveCheckpoint(this.last, { tensors, state, configYaml: this.configYaml });
    this.lastStep = state.step;
    await this.prune(keep);
  }

  /** Writes weights for inference. @param weights by torchvision's names; of the configuration the model alone goes with them */
  async saveBest(weights: Tensors, state: TrainingState): Promise<void> {
    await saveCheckpoint(this.best, { tensors: weights, state, configYaml: modelSection(this.configYaml) });
  }

  /** Removes all but the newest of the earlier checkpoints. */
  async prune(keep: number): Promise<void> {
    const earlier = await this.earlier();
    await Promise.all(earlier.slice(0, Math.max(0, earlier.length - keep)).map((path) => rm(path, { force: true })));
  }

  /** Paths of the earlier checkpoints that are kept, oldest first. */
  async earlier(): Promise<string[]> {
    return earlierIn(this.path);
  }

  /** Gives last.safetensors a second name, which it keeps when the next one takes its place. */
  private async keepLast(step: number): Promise<void> {
    const kept = join(this.path, `step-${String(step).padStart(8, '0')}.safetensors`);
    const temporary = `${kept}.${process.pid}.tmp`;
    try {
      await rm(temporary, { force: true });
      // some file systems have no second names
      await link(this.last, temporary).catch(() => copyFile(this.last, temporary));
      await rename(temporary, kept);
    } catch (error) {
      throw writeError(error, kept);
    } finally {
      // a rename onto another name of the same file leaves both
      await rm(temporary, { force: true });
    }
  }
}

async function earlierIn(folder: string): Promise<string[]> {
  const steps = (await readdir(folder)).flatMap((name) => {
    const digits = EARLIER.exec(name)?.[1];
    return digits === undefined ? [] : [{ name, step: Number(digits) }];
  });
  return steps.sort((a, b) => a.step - b.step).map(({ name }) => join(folder, name));
}

/** What is wrong with the last checkpoint of a run, and the earlier one to put in its place. */
async function withWayOut({ message }: InputError, folder: string): Promise<InputError> {
  const earlier = (await earlierIn(folder)).at(-1);
  const last = join(folder, LAST);
  return new InputError(
    `${message.replace(/\.$/, '')}; ` +
      (earlier === undefined
        ? 'the run has no earlier checkpoint.'
        : `to go on from the one before it, put that in its place (mv ${earlier} ${last}).`),
  );
}

/** Whether a file is a temporary one of a process that is no more. */
function isLeftOver(name: string): boolean {
  const digits = TEMPORARY.exec(name)?.[1];
  if (digits === undefined) {
    return false;
  }
  try {
    process.kill(Number(digits), 0);
    return Number(digits) === process.pid;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

async function readText(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => {
    throw readError(error, 'the configuration', path);
  });
  if (!info.isFile()) {
    throw new InputError(`${path} is not an ordinary file: put the run's configuration back`);
  }
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw readError(error, 'the configuration', path);
  });
}
