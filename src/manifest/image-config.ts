import { ManifestError } from './yaml-text.ts';

/** One image in the output of `docker inspect` (`Config`) or an image's config of the OCI (`config`). */
interface NamedImage {
  readonly names: readonly string[];
  readonly user: string;
}

/**
 * The user that an image sets, by the image's name (null: the only one); null: unknown. A config without names counts for every image. @throws ManifestError if
 * the text is no such config
 */
export function readImageConfig(json: string): (image: string | null) => string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ManifestError('expected the JSON of docker inspect IMAGE, or an image config, found no JSON');
  }
  const images = (Array.isArray(parsed) ? parsed : [parsed]).map(parseImage);
  if (images.length === 0 || images.includes(null))
    throw new ManifestError(
      'expected the JSON of docker inspect IMAGE, or an image config, found neither Config nor config in it',
    );
  const known = images.filter((image) => image !== null);
  return (image) => {
    const of = known.find(
      ({ names }) => image === null || names.length === 0 || names.some((name) => fullName(name) === fullName(image)),
    );
    if (of === undefined) return null;
    // An image without a user runs as root. A name is looked up in the image's /etc/passwd, which is not here.
    return of.user === '' ? '0:0' : of.user;
  };
}

/** null: it has no config. */
function parseImage(json: unknown): NamedImage | null {
  const { RepoTags, RepoDigests, Config, config } = recordOf(json);
  const own = Config ?? config;
  if (typeof own !== 'object' || own === null) return null;
  const { User } = recordOf(own);
  return { names: [...textsOf(RepoTags), ...textsOf(RepoDigests)], user: typeof User === 'string' ? User : '' };
}

const recordOf = (json: unknown): Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};

const textsOf = (json: unknown): string[] => (Array.isArray(json) ? json.filter((item) => typeof item === 'string') : []);

/** `busybox` is `docker.io/library/busybox:latest`. */
function fullName(image: string): string {
  const tagged = /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
  const short = tagged.replace(/^(?:docker\.io\/)?(?:library\/)?/, '');
  return short;
}
