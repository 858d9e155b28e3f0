import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFile } from '../data/write_file';
import { InputError } from '../errors';
import { describeAdapter } from '../gpu/capabilities';
import type { TunedChoice } from '../graph/tuner';
import { packageVersion } from '../node/package-root';

/** Counts up where files of before can no longer be read. */
const FORMAT = 1;

const fileSchema = z.object({
  format: z.literal(FORMAT),
  engine: z.string(),
  adapter: z.string(),
  choices: z.record(
    z.string(),
    z.object({ variant: z.string(), milliseconds: z.record(z.string(), z.number().min(0)) }),
  ),
});

/**
 * What was measured on a device in earlier runs: a JSON file for each adapter with its driver and each version of the
 * engine, under the user's cache folder, or in the folder that ENGINE_CACHE names. A file that cannot be used or written is
 * never an error, only a remark.
 */
export class TuningCache {
  /** Sentences about files that could not be read or written. */
  readonly remarks: string[] = [];
  readonly path: string;
  private readonly adapter: string;

  constructor(info: GPUAdapterInfo) {
    this.adapter = describeAdapter(info);
    const key = createHash('sha256').update(`${this.adapter}\n${packageVersion()}`).digest('hex').slice(0, 16);
    this.path = join(cacheFolder(), `tuning-${key}.json`);
  }

  /** Choices by shape class; none where there is no file, or none that holds for this adapter and version. */
  async read(): Promise<Map<string, TunedChoice>> {
    if (!existsSync(this.path)) {
      return new Map();
    }
    let why: string;
    try {
      const parsed = fileSchema.safeParse(JSON.parse(await readFile(this.path, 'utf8')));
      if (parsed.success && parsed.data.adapter === this.adapter && parsed.data.engine === packageVersion()) {
        return new Map(Object.entries(parsed.data.choices));
      }
      why = parsed.success ? 'is of another adapter, driver or version' : 'is not what this version writes';
    } catch (error) {
      why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    }
    const remark = `the tuning cache ${this.path} ${why}: it is ignored, and written anew`;
    if (!this.remarks.includes(remark)) {
      this.remarks.push(remark);
    }
    return new Map();
  }

  /** Adds choices to the file, and to what other processes wrote to it meanwhile. */
  async add(choices: ReadonlyMap<string, TunedChoice>): Promise<void> {
    if (choices.size === 0) {
      return;
    }
    const all = new Map([...(await this.read()), ...choices]);
    const content = {
      format: FORMAT,
      engine: packageVersion(),
      adapter: this.adapter,
      choices: Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await writeFile(this.path, `${JSON.stringify(content, null, 1)}\n`);
    } catch (error) {
      const reason = error instanceof InputError ? error.message : String(error);
      this.remarks.push(`what was measured is not kept for the next run (${reason})`);
    }
  }
}

function cacheFolder(): string {
  const { ENGINE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (ENGINE_CACHE !== undefined && ENGINE_CACHE !== '') {
    return ENGINE_CACHE;
  }
  const system = { darwin: join(homedir(), 'Library', 'Caches'), win32: LOCALAPPDATA }[process.platform as string];
  return join(system ?? XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mask-engine');
}
