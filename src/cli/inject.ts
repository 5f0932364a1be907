import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Options } from '../config/options.ts';
import { safeName } from '../format.ts';
import { inject } from '../manifest/inject.ts';
import { ManifestError } from '../manifest/yaml-text.ts';
import { MIB } from '../units.ts';
import { VERSION } from '../version.ts';
import { withOptions } from './command.ts';

/** `memhound inject`: reads a manifest and writes it with the sidecar. Notes for the user go to standard error. */
export const injectCommand = (argv: string[]): Promise<number> => withOptions('inject', argv, run);

/** Maximum size of a manifest. */
const MAX_BYTES = 16 * MIB;

async function run(options: Options<'inject'>, files: readonly string[]): Promise<number> {
  if (files.length > 1) {
    console.error(
      `memhound inject: expected one FILE, found ${files.length}; one file may contain several documents, separated by ---`,
    );
    return 2;
  }
  const file = files[0] ?? '-';
  const name = file === '-' ? 'standard input' : safeName(file);
  try {
    const source = file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
    if (source.length > MAX_BYTES) throw new ManifestError(`expected at most ${MAX_BYTES >> 20} MiB, found more`);
    const { text, notes } = inject(source, {
      image: options.image,
      version: VERSION,
      native: options.native,
      container: options.container,
      remove: options.remove,
      kubeMinor: options.kube,
    });
    for (const note of notes) console.error(safeName(note, 1000));
    process.stdout.write(text);
    return 0;
  } catch (error) {
    if (error instanceof ManifestError) console.error(`memhound inject: ${name}: ${safeName(error.message, 1000)}`);
    else if ((error as NodeJS.ErrnoException).code !== undefined)
      console.error(`memhound inject: ${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    else throw error;
    return 2;
  }
}
