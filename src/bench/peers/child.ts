import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** A peer's program in a child process, which answers one request at a time. */
export class PeerChild {
  private errors = '';
  private settle: ((answer: Answer) => void) | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
    private readonly send: (request: object) => void,
  ) {
    child.stderr?.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
  }

  /** A script for Node; requests and answers are messages, with typed arrays as they are. */
  static node(script: string, what: string): PeerChild {
    const child = fork(script, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // ONNX Runtime does not tell its adapter; the Vulkan loader tells which device is opened
      env: { ...process.env, VK_LOADER_DEBUG: 'driver' },
    });
    const peer = new PeerChild(child, what, (request) => child.send(request));
    child.on('message', (answer: Answer) => peer.settle?.(answer));
    return peer;
  }

  /** A script for another interpreter; requests and answers are lines of JSON. */
  static lines(interpreter: string, script: string, what: string): PeerChild {
    const child = spawn(interpreter, [script], { stdio: 'pipe' });
    // a process that has ended is told by `ask`
    child.stdin.on('error', () => undefined);
    const peer = new PeerChild(child, what, (request) => child.stdin.write(`${JSON.stringify(request)}\n`));
    createInterface({ input: child.stdout }).on('line', (line) => peer.settle?.(answerOf(line)));
    return peer;
  }

  /** The device that the process opened; null where it is not Vulkan's, or the loader is an older one. */
  get vulkanDevice(): string | null {
    return /Using "([^"]+)" with driver/.exec(this.errors)?.[1] ?? null;
  }

  /** @throws Error with what the process says, or said before it ended */
  ask<T>(request: object): Promise<T> {
    const { child, what } = this;
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        child.off('exit', onExit);
        child.off('error', onError);
        this.settle = undefined;
      };
      const onExit = (code: number | null, signal: string | null): void => {
        end();
        const last = this.errors.trim().split('\n').at(-1);
        reject(new Error(`${what} ended with ${signal ?? code}${last === '' ? '' : `: ${last}`}`));
      };
      const onError = (error: Error): void => {
        end();
        reject(new Error(`${what}: ${error.message}`));
      };
      this.settle = ({ value, error }) => {
        end();
        if (error === undefined) {
          resolve(value as T);
        } else {
          reject(new Error(`${what}: ${error}`));
        }
      };
      if (child.exitCode !== null || child.signalCode !== null) {
        onExit(child.exitCode, child.signalCode);
        return;
      }
      child.once('exit', onExit);
      child.once('error', onError);
      this.send(request);
    });
  }

  /** The first request, without which the process is of no use: it ends where that fails. */
  async load<T>(request: object): Promise<T> {
    try {
      return await this.ask<T>(request);
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    const { child } = this;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    }
  }
}

function answerOf(line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return { error: `says ${JSON.stringify(line)}` };
  }
}
