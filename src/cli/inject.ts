import { INJECT } from '../config/commands/inject.ts';
import type { OptionsOf } from '../config/option-table.ts';
import { safeName } from '../format.ts';
import { readImageConfig } from '../manifest/image-config.ts';
import { type InjectOptions, inject, NothingToDo } from '../manifest/inject.ts';
import { joinManifests } from '../manifest/join.ts';
import { decodeManifest, ManifestError } from '../manifest/yaml-text.ts';
import { VERSION } from '../version.ts';
import { withOptions } from './command.ts';
import { imageUsers } from './image-user.ts';
import {
  type ManifestFile,
  ManifestFileError,
  readManifestFile,
  readManifests,
  replaceFile,
  STANDARD_INPUT,
} from './manifest-files.ts';
import { textDiff } from './text-diff.ts';

/** `memhound inject`: reads manifests and writes them with the sidecar. Notes for the user go to standard error. */
export const injectCommand = (argv: string[]): Promise<number> => withOptions(INJECT, argv, run);

/** Code of --check where memhound is missing. */
const MISSING = 3;

interface Result {
  readonly file: ManifestFile;
  readonly text: string;
}

async function run(options: OptionsOf<typeof INJECT>, names: readonly string[]): Promise<number> {
  try {
    const files = await readManifests(names.length === 0 ? [STANDARD_INPUT] : names);
    if (options.inPlace && files.some(({ name }) => name === STANDARD_INPUT)) {
      console.error('memhound inject: --in-place: expected files or folders, found standard input');
      return 2;
    }
    const problems: string[] = [];
    const settings: InjectOptions = {
      ...options,
      version: VERSION,
      selector: Object.fromEntries(options.selector),
      kubeMinor: options.kube,
      userOf: await usersOf(options, problems),
      several: files.length > 1,
    };
    const results = injectAll(files, settings);
    for (const problem of problems) console.error(safeName(problem, 1000));
    if (results === null) return 2;
    write(results, options);
    return options.check ? checked(results) : 0;
  } catch (error) {
    if (!(error instanceof ManifestFileError)) throw error;
    console.error(problemOf(error.file, error.message));
    return 2;
  }
}

const problemOf = (file: string, message: string): string =>
  `memhound inject: ${file === STANDARD_INPUT ? 'standard input' : safeName(file)}: ${safeName(message, 4000)}`;

/** The results of all files. null: one cannot be read as a manifest, or nothing could be done in any; it has been said. */
function injectAll(files: readonly ManifestFile[], settings: InjectOptions): Result[] | null {
  const results: Result[] = [];
  const errors: string[] = [];
  const nothing: string[] = [];
  let watched = 0;
  for (const file of files) {
    const subject = files.length > 1 ? `${safeName(file.name)}: ` : '';
    try {
      const done = inject(file.text, settings);
      for (const note of done.notes) console.error(subject + safeName(note, 1000));
      results.push({ file, text: done.text });
      watched += done.watched;
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      (error instanceof NothingToDo ? nothing : errors).push(problemOf(file.name, error.message));
      results.push({ file, text: file.text });
    }
  }
  // What cannot be done in one file does not hinder the others; what cannot be read does.
  for (const problem of [...errors, ...nothing]) console.error(problem);
  return errors.length > 0 || (nothing.length > 0 && watched === 0) ? null : results;
}

function write(results: readonly Result[], { check, diff, inPlace }: OptionsOf<typeof INJECT>): void {
  const changed = results.filter(({ file, text }) => text !== file.text);
  // On a terminal that wants no colours NO_COLOR is set: no-color.org.
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  if (diff) for (const { file, text } of changed) process.stdout.write(textDiff(file.name, file.text, text, colour));
  if (check || diff) return;
  if (inPlace) for (const { file, text } of changed) replaceFile(file, text);
  else process.stdout.write(joinManifests(results.map(({ text }) => text)));
}

function checked(results: readonly Result[]): number {
  const changed = results.filter(({ file, text }) => text !== file.text);
  for (const { file } of changed)
    console.error(problemOf(file.name, 'expected memhound as this command adds it, found a difference; run it without --check'));
  return changed.length === 0 ? 0 : MISSING;
}

async function usersOf(options: OptionsOf<typeof INJECT>, problems: string[]): Promise<(image: string) => string | null> {
  if (options.imageClient !== null) return imageUsers(options.imageClient, problems);
  const file = options.imageConfig;
  if (file === null) return () => null;
  try {
    return readImageConfig(decodeManifest(readManifestFile(file)));
  } catch (error) {
    if (error instanceof ManifestError) throw new ManifestFileError(file, error.message);
    throw error;
  }
}
