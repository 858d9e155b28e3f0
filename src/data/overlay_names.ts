import { posix } from 'node:path';

/**
 * One file name per image id for its overlay: the image's name without folder and extension, plus the id where two
 * images would get the same one (also on file systems that ignore case), plus .png.
 */
export function overlayNames(
  images: readonly { readonly id: number; readonly fileName: string }[],
): Map<number, string> {
  const stems = images.map(({ id, fileName }) => ({ id, stem: posix.parse(fileName.replaceAll('\\', '/')).name }));
  const uses = new Map<string, number>();
  for (const { stem } of stems) {
    uses.set(stem.toLowerCase(), (uses.get(stem.toLowerCase()) ?? 0) + 1);
  }
  return new Map(
    stems.map(({ id, stem }) => [id, uses.get(stem.toLowerCase()) === 1 ? `${stem}.png` : `${stem}_${id}.png`]),
  );
}
