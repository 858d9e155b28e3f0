import { Worker } from 'node:worker_threads';
import { InputError } from '../../errors';
import type { TrainingEntry } from './dataset';
import { decodeSample, type DecodedParts, type EncodedSample } from './decode_sample';
import type { DecodedSample } from './sample';
import threadScript from './sample_thread?thread';
import type { ThreadReply } from './sample_thread';

/**
 * The thread's script comes as text, so that it is the same from the sources and from a bundle; its packages are looked
 * for from this module, wherever the process was started.
 */
const THREAD_SCRIPT = `{
  const require = process.getBuiltinModule('node:module').createRequire(${JSON.stringify(import.meta.url)});
  ${threadScript}
}`;

interface Job {
  readonly entry: TrainingEntry;
  readonly resolve: (parts: DecodedParts) => void;
  readonly reject: (error: Error) => void;
}

/** Decodes samples in worker threads, one at a time each, in the order in which they are asked for. */
export class SampleDecoder {
  private readonly threads: DecoderThread[];
  private readonly waiting: Job[] = [];
  private isClosed = false;

  /** @param workers threads; 0 decodes in this one */
  constructor(workers: number) {
    this.threads = Array.from({ length: workers }, () => new DecoderThread());
  }

  /**
   * The arrays of the objects are the entry's own: they are to be read only.
   * @throws InputError as `decodeSample`
   */
  async decode(entry: TrainingEntry): Promise<DecodedSample> {
    const { id: imageId, fileName, height, width, objects, boxes, labels, crowd, placements } = entry;
    const parts = this.threads.length === 0 ? await decodeSample(entry) : await this.inThread(entry);
    return { imageId, fileName, height, width, objects, boxes, labels, crowd, placements, ...parts };
  }

  /** Ends the threads; what is still being decoded is rejected. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.waiting.splice(0).forEach(({ reject }) => {
      reject(closedError());
    });
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private inThread(entry: TrainingEntry): Promise<DecodedParts> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(closedError());
        return;
      }
      this.waiting.push({ entry, resolve, reject });
      this.dispatch();
    });
  }

  private dispatch(): void {
    const thread = this.threads.find(({ isIdle }) => isIdle);
    const job = thread === undefined ? undefined : this.waiting.shift();
    if (thread !== undefined && job !== undefined) {
      void thread
        .run(job.entry)
        .then(job.resolve, job.reject)
        .then(() => {
          this.dispatch();
        });
    }
  }
}

/** One thread. It keeps the process alive only while it works, so that one that is not closed does not hang it. */
class DecoderThread {
  private readonly worker = new Worker(THREAD_SCRIPT, { eval: true, execArgv: [], name: 'sample decoder' });
  private job: { resolve: (parts: DecodedParts) => void; reject: (error: Error) => void } | null = null;
  /** Why it takes no more work. */
  private ended: Error | null = null;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (reply: ThreadReply) => {
      this.settle(reply);
    });
    this.worker.on('error', (error: unknown) => {
      this.end(new Error(`a thread that decodes images failed: ${String(error)}`, { cause: error }));
    });
    this.worker.on('exit', (code) => {
      this.end(new Error(`a thread that decodes images ended with exit code ${code}`));
    });
  }

  get isIdle(): boolean {
    return this.job === null;
  }

  run({ path, width, height, placements, words, runs, runEnds }: EncodedSample): Promise<DecodedParts> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      this.job = { resolve, reject };
      this.worker.ref();
      this.worker.postMessage({ path, width, height, placements, words, runs, runEnds } satisfies EncodedSample);
    });
  }

  async close(): Promise<void> {
    this.end(closedError());
    await this.worker.terminate();
  }

  private settle(reply: ThreadReply): void {
    const { job } = this;
    this.job = null;
    this.worker.unref();
    if ('parts' in reply) {
      job?.resolve(reply.parts);
    } else {
      const { message, isInput } = reply.failure;
      job?.reject(isInput ? new InputError(message) : new Error(message));
    }
  }

  private end(why: Error): void {
    this.ended ??= why;
    this.job?.reject(this.ended);
    this.job = null;
  }
}

function closedError(): Error {
  return new Error('the decoder of training images was closed');
}
