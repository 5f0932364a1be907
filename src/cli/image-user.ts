import { spawnSync } from 'node:child_process';
import { readImageConfig } from '../manifest/image-config.ts';
import { ManifestError } from '../manifest/yaml-text.ts';
import { MIB } from '../units.ts';

/** Asks a local client (docker, podman, nerdctl) for the user of an image. Each image is asked for once; `problems` gets a sentence if it is not there. */
export function imageUsers(client: string, problems: string[]): (image: string) => string | null {
  const known = new Map<string, string | null>();
  return (image) => {
    if (image === '') return null;
    if (!known.has(image)) known.set(image, ask(client, image, problems));
    return known.get(image) ?? null;
  };
}

function ask(client: string, image: string, problems: string[]): string | null {
  // An image whose name begins with - would be an option.
  const { status, stdout, stderr, error } = spawnSync(client, ['image', 'inspect', '--', image], {
    encoding: 'utf8',
    maxBuffer: 16 * MIB,
    timeout: 30_000,
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== undefined) {
    problems.push(`--image-client: ${client} cannot be run (${code})`);
    return null;
  }
  if (status !== 0) {
    const why = stderr.trim().split('\n')[0] ?? '';
    problems.push(`--image-client: ${client} has no image ${image} (${why}); get it first: ${client} pull ${image}`);
    return null;
  }
  try {
    // The client has found the image by its name, whatever names it has itself.
    return readImageConfig(stdout)(null);
  } catch (failure) {
    if (!(failure instanceof ManifestError)) throw failure;
    problems.push(`--image-client: ${client} image inspect ${image}: ${failure.message}`);
    return null;
  }
}
