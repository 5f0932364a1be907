// Packages of Debian's archive that are unpacked into a folder instead of being installed: apt works with lists, a cache and a status of
// its own, by the sources of this machine's apt.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** Debian keeps the JDKs that it does not support in this suite alone. */
const SUITE = 'sid';

/** The folder of all that is fetched. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'memhound');

export const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26, ...options });

/** The archive that this machine's apt takes Debian's packages from. */
function archive() {
  const uris = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n');
  const debian = uris.find((uri) => /\/debian\/(\d+T\d+Z\/)?$/.test(uri));
  if (debian === undefined)
    throw new Error(`apt's sources: expected one that ends in /debian/, found ${uris.filter(Boolean).join(', ') || 'none'}`);
  return debian;
}

/** apt-get or apt-cache with a configuration and files of its own. Its list of the suite serves for a day. */
function apt(command, args, options = {}) {
  const dir = join(cache, 'apt');
  const at = (...names) => join(dir, ...names);
  const own = [
    `Dir::Etc::SourceList=${at('debian.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State=${at('state')}`,
    `Dir::State::status=${at('status')}`,
    `Dir::Cache=${at('cache')}`,
    'APT::Sandbox::User=root', // its own user may not write to a home folder
  ].flatMap((setting) => ['-o', setting]);
  if (!existsSync(at('status')) || Date.now() - statSync(at('status')).mtimeMs > 86_400_000) {
    for (const name of [at('state', 'lists', 'partial'), at('cache', 'archives', 'partial')])
      mkdirSync(name, { recursive: true });
    const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(at('debian.list'), `deb ${existsSync(key) ? `[signed-by=${key}] ` : ''}${archive()} ${SUITE} main\n`);
    writeFileSync(at('status'), '');
    try {
      run('apt-get', [...own, 'update', '-q', '--error-on=any']);
    } catch (error) {
      rmSync(at('status'));
      throw error;
    }
  }
  return run(command, [...own, ...args], options);
}

/** Unpacks these packages, and no others that they depend on. @type {(names: string[], root: string) => void} */
export function unpack(names, root) {
  const packages = mkdtempSync(join(root, 'packages-'));
  apt('apt-get', ['download', '-q', ...names], { cwd: packages });
  for (const file of readdirSync(packages)) run('dpkg-deb', ['-x', join(packages, file), root]);
  rmSync(packages, { recursive: true });
}

/** All files below a folder. @type {(dir: string) => { path: string, entry: import('node:fs').Dirent }[]} */
export const filesIn = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(dir, entry.name)) : [{ path: join(dir, entry.name), entry }],
  );

/** Absolute links below a folder, such as those of settings into /etc, lead into the tree instead of the system. @type {(dir: string, root: string) => void} */
export function keepLinksInside(dir, root) {
  for (const { path, entry } of filesIn(dir)) {
    if (!entry.isSymbolicLink()) continue;
    const to = readlinkSync(path);
    if (!to.startsWith('/')) continue;
    unlinkSync(path);
    symlinkSync(relative(dirname(path), join(root, to)), path);
  }
}
