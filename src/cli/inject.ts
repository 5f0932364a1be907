import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Options } from '../config/options.ts';
import { safeName } from '../format.ts';
import { readImageConfig } from '../manifest/image-config.ts';
import { inject } from '../manifest/inject.ts';
import { decodeManifest, ManifestError } from '../manifest/yaml-text.ts';
import { MIB } from '../units.ts';
import { VERSION } from '../version.ts';
import { withOptions } from './command.ts';

/** `memhound inject`: reads a manifest and writes it with the sidecar. Notes for the user go to standard error. */
export const injectCommand = (argv: string[]): Promise<number> => withOptions('inject', argv, run);

/** Maximum size of a manifest. */
const MAX_BYTES = 16 * MIB;

/** Code of --check where memhound is missing. */
const MISSING = 3;

async function run(options: Options<'inject'>, files: readonly string[]): Promise<number> {
  if (files.length > 1) {
    console.error(
      `memhound inject: expected one FILE, found ${files.length}; one file may contain several documents, separated by ---`,
    );
    return 2;
  }
  const file = files[0] ?? '-';
  let reading = options.imageConfig ?? file;
  try {
    const userOf = options.imageConfig === null ? () => null : readImageConfig(decodeManifest(await readFile(reading)));
    reading = file;
    const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
    if (bytes.length > MAX_BYTES) throw new ManifestError(`expected at most ${MAX_BYTES >> 20} MiB, found more`);
    const source = decodeManifest(bytes);
    const done = inject(source, {
      ...options,
      version: VERSION,
      selector: Object.fromEntries(options.selector),
      kubeMinor: options.kube,
      userOf,
    });
    for (const note of done.notes) console.error(safeName(note, 1000));
    if (options.check) return checked(source, done.text);
    process.stdout.write(done.text);
    return 0;
  } catch (error) {
    const name = reading === '-' ? 'standard input' : safeName(reading);
    if (error instanceof ManifestError) console.error(`memhound inject: ${name}: ${safeName(error.message, 4000)}`);
    else if ((error as NodeJS.ErrnoException).code !== undefined)
      console.error(`memhound inject: ${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    else throw error;
    return 2;
  }
}

function checked(before: string, after: string): number {
  if (before === after) return 0;
  console.error(
    'memhound inject: expected the file to have memhound as this command adds it, found a difference; run it without --check',
  );
  return MISSING;
}
