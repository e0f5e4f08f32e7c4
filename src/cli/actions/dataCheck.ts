/** What `adamw-bench data check` does. */
import { resolve } from 'node:path';
import { loadDataset } from '../../data/index.js';
import { contentOf } from '../../data/own/ownData.js';
import { ownImagesSchema, type ImagesContent, type OwnImagesSpec } from '../../experiment/ownImages.js';
import { exitCode } from '../exit.js';
import { showingProgress } from '../ownData.js';
import { interactiveStyle } from '../progress.js';
import { datasetLine, settingsFor } from './dataSettings.js';
import { checkText, isText, type TextFlags } from './textCheck.js';

export interface CheckFlags extends TextFlags {
  /** One side, or height x width. */
  readonly size?: string;
  readonly channels?: string;
  readonly background?: string;
}

/** Reads a user's own images or text as a run would, and says what they are; returns the exit code. */
export async function check(path: string, flags: CheckFlags): Promise<number> {
  if (await isText(path, flags)) return checkText(path, flags);
  const given = settingsOf(flags);
  const spec = settingsFor(ownImagesSchema, { name: 'images', path: resolve(path), ...given });
  // Both, so that what only loading finds is found here.
  const { content, warnings } = await showingProgress(interactiveStyle(), async (onProgress) => {
    const found = (await contentOf(spec, { onProgress })) as ImagesContent;
    return { content: found, warnings: (await loadDataset({ ...spec, content: found })).warnings };
  });
  for (const warning of warnings) console.error(`note: ${warning}`);
  console.log(description(path, given, content));
  return exitCode.ok;
}

function settingsOf({ size, channels, background, test }: CheckFlags): Partial<OwnImagesSpec> {
  const sides = size?.split('x').map(Number);
  return {
    ...(sides === undefined ? {} : { size: sides.length === 1 ? sides[0] : (sides as [number, number]) }),
    ...(channels === undefined ? {} : { channels: Number(channels) as 1 | 3 }),
    ...(background === undefined ? {} : { background: background as 'black' }),
    ...(test === undefined ? {} : { test: Number(test) }),
  };
}

function description(path: string, given: object, content: ImagesContent): string {
  const { sha256, height, width, channels, classes, train, validation, test } = content;
  return [
    `${path} can be used.`,
    `  images       ${height}x${width}, ${channels === 1 ? 'grey' : 'colour'}`,
    `  classes      ${classes}`,
    `  training     ${train}`,
    ...(validation > 0 ? [`  validation   ${validation}`] : []),
    `  test         ${test}`,
    `  fingerprint  ${sha256}`,
    'In a configuration:',
    `  ${datasetLine({ name: 'images', path, ...given })}`,
  ].join('\n');
}
