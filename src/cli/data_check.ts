import type { Command } from 'commander';
import { checkDataset, type CheckedDataset } from '../data/dataset_check';
import { checkImageFiles } from '../data/image_file_check';
import { readJsonFile } from '../data/json_file';
import { ExitCode } from './exit-code';
import { Progress } from './progress';

/** `engine data check`: what is wrong with an annotation file, all of it. */
export function registerDataCheck(data: Command): void {
  data
    .command('check')
    .description('find what is wrong with an annotation file; exit code 1 where anything is')
    .argument('<annotations>', 'annotation file (COCO)')
    .option('--images <folder>', 'also look at the image files: missing, damaged, of another size')
    .action(check);
}

async function check(path: string, { images }: { readonly images?: string }): Promise<void> {
  const checked = checkDataset(await readJsonFile(path, 'annotation file'), `annotation file ${path}`);
  const { findings } = checked;
  if (images !== undefined) {
    const progress = new Progress(checked.images.length, 'images');
    await checkImageFiles(images, checked.images, findings, (fileName) => {
      progress.step(fileName);
    });
    progress.end();
  }
  console.log([...findings.lines(), summary(path, checked)].join('\n'));
  if (findings.problemCount > 0) {
    throw new ExitCode(1);
  }
}

function summary(path: string, { findings, imageCount, objectCount, categoryCount }: CheckedDataset): string {
  const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
  const content = [
    counted(imageCount, 'image', 'images'),
    counted(objectCount, 'object', 'objects'),
    counted(categoryCount, 'category', 'categories'),
  ].join(', ');
  const problems = findings.problemCount === 0 ? 'no problems' : counted(findings.problemCount, 'problem', 'problems');
  return `${path}: ${content}: ${problems}, ${counted(findings.noteCount, 'note', 'notes')}`;
}
