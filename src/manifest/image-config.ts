import { ManifestError } from './yaml-text.ts';

/** What is read of one image in the output of `docker inspect` (`Config`) or in an image's config of the OCI (`config`). */
interface ImageConfig {
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: { readonly User?: string };
  readonly config?: { readonly User?: string };
}

/**
 * The user that an image sets, by the image's name; null: unknown. A config without names counts for every image. @throws ManifestError if
 * the text is no such config
 */
export function readImageConfig(json: string): (image: string) => string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ManifestError('expected the JSON of docker inspect IMAGE, or an image config, found no JSON');
  }
  const images = (Array.isArray(parsed) ? parsed : [parsed]) as (ImageConfig | null)[];
  if (images.length === 0 || images.some((i) => typeof (i?.Config ?? i?.config) !== 'object'))
    throw new ManifestError(
      'expected the JSON of docker inspect IMAGE, or an image config, found neither Config nor config in it',
    );
  const known = images as readonly ImageConfig[];
  return (image) => {
    const of = known.find((i) => {
      const names = [...(i.RepoTags ?? []), ...(i.RepoDigests ?? [])];
      return names.length === 0 || names.some((n) => fullName(n) === fullName(image));
    });
    if (of === undefined) return null;
    const user = (of.Config ?? of.config)!.User ?? '';
    // An image without a user runs as root. A name is looked up in the image's /etc/passwd, which is not here.
    return user === '' ? '0:0' : user;
  };
}

/** `busybox` is `docker.io/library/busybox:latest`. */
function fullName(image: string): string {
  const tagged = /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
  const short = tagged.replace(/^(?:docker\.io\/)?(?:library\/)?/, '');
  return short;
}
