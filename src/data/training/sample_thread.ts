import { parentPort } from 'node:worker_threads';
import { InputError } from '../../errors';
import { decodeSample, type DecodedParts, type EncodedSample } from './decode_sample';

/** What comes back for one `EncodedSample`. */
export type ThreadReply =
  { readonly parts: DecodedParts } | { readonly failure: { readonly message: string; readonly isInput: boolean } };

/* The script of a worker thread: decodes one sample after the other. */
parentPort?.on('message', (sample: EncodedSample) => {
  void reply(sample);
});

async function reply(sample: EncodedSample): Promise<void> {
  try {
    const parts = await decodeSample(sample);
    send({ parts }, [parts.pixels.buffer, parts.words.buffer]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ failure: { message, isInput: error instanceof InputError } });
  }
}

function send(message: ThreadReply, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}
