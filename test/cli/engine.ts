import { capture, ROOT } from '../../scripts/lib/run.mjs';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Engine = (...args: string[]) => Promise<Outcome>;

function engineIn(environment: NodeJS.ProcessEnv): Engine {
  return (...args) => capture(['bin/engine.mjs', ...args], { cwd: ROOT, env: { ...process.env, ...environment } });
}

/** Runs the command in a process of its own, as a user does; `with` sets environment variables first. */
export const engine: Engine & { with: typeof engineIn } = Object.assign(engineIn({}), { with: engineIn });
