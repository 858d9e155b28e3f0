import { AtomicFile } from './atomic';

/** Writes a whole file, text or bytes, under a temporary name and renames it. @throws InputError where it cannot be written */
export async function writeFile(path: string, content: string | Uint8Array): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    await (typeof content === 'string' ? file.write(content) : file.writeBytes(content));
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}
