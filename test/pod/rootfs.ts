import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';

/**
 * A root file system from this machine's own files, for a machine that reaches no image registry: the files of some Debian packages,
 * the libraries that their programs need, node and npm as they run here, and a JDK.
 */
const PACKAGES = (
  'base-files libc6 libc-bin bash dash coreutils grep sed mawk findutils procps tar gzip util-linux util-linux-extra debianutils ' +
  'ca-certificates-java'
).split(' ');
const NOT_NEEDED =
  /^\/usr\/share\/(doc|man|locale|info|lintian|bash-completion|zsh|i18n|perl5?|gdb)(\/|$)|^\/usr\/lib\/node_modules|\/jmods(\/|$)|^\/usr\/include|src\.zip$/;

/** Users of the tests' containers: a JVM whose uid has no entry writes no hsperfdata. */
const PASSWD = ['root:x:0:0:root:/root:/bin/sh', 'app:x:1000:1000::/tmp:/bin/sh', 'other:x:1001:1001::/tmp:/bin/sh'];

function output(command: string, args: readonly string[], input?: string): string {
  const done = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 64 * 2 ** 20 });
  if (done.error) throw done.error;
  return done.stdout;
}

/** The path with /bin, /lib and the like as the links into /usr that they are. */
const merged = (path: string): string => path.replace(/^\/(bin|sbin|lib|lib32|lib64|libx32)\//, '/usr/$1/');

function* tree(dir: string): Generator<string> {
  yield dir;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* tree(path);
    else yield path;
  }
}

const onPath = (name: string): string => output('sh', ['-c', `command -v ${name}`]).trim();
/** Where a command on the path really lies. */
const program = (name: string): string => realpathSync(onPath(name));

/** The folders of the programs in it, as a PATH. */
export const rootfsPath = (): string =>
  [...new Set([program('java'), process.execPath, onPath('npm'), '/usr/bin/env', '/bin/sh'].map((path) => dirname(path)))].join(
    ':',
  );

function files(): string[] {
  const jdk = output('dpkg', ['-S', program('java'), program('javac')])
    .split('\n')
    .flatMap((line) => /^([^:, ]+)/.exec(line)?.[1] ?? []);
  const found = new Set(
    output('dpkg', ['-L', ...PACKAGES, ...new Set(jdk)])
      .split('\n')
      .filter((path) => /^\/[^.]/.test(path))
      .map(merged),
  );
  const node = realpathSync(process.execPath);
  found.add(node);
  found.add(merged(onPath('npm')));
  const npm = dirname(dirname(program('npm')));
  for (const path of tree(npm)) found.add(path);

  const wanted = [...found].filter((path) => path === node || path.startsWith(npm) || !NOT_NEEDED.test(path));
  const elf = wanted.filter((path) => path === node || /^\/usr\/s?bin\/|\/jvm\/[^/]*\/bin\/|\.so(\.|$)/.test(path));
  const programs = elf.filter((path) => existsSync(path) && lstatSync(realpathSync(path)).isFile());
  for (const [path] of output('ldd', programs).matchAll(/\/[^ :]+\.so[^ :)]*/g))
    if (existsSync(path)) wanted.push(merged(normalize(path)), realpathSync(path));
  return wanted.filter((path) => existsSync(path) || isLink(path));
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** Parents first, each once: tar keeps their modes, and an image importer refuses what comes twice. */
function withParents(paths: readonly string[]): string[] {
  const all = new Set(['/bin', '/sbin', '/lib', '/lib64', '/tmp']);
  for (const path of paths) for (let at = path; at !== '/'; at = dirname(at)) all.add(at);
  return [...all].filter((path) => existsSync(path)).sort();
}

/** Writes the tar file. Its `/usr/local/bin` has node and npm under the names that official images give them. */
export function writeRootfs(tarFile: string): void {
  const extra = mkdtempSync(join(tmpdir(), 'memhound-rootfs-'));
  try {
    mkdirSync(join(extra, 'etc/ssl/certs'), { recursive: true });
    writeFileSync(join(extra, 'etc/passwd'), `${PASSWD.join('\n')}\n`);
    writeFileSync(join(extra, 'etc/group'), 'root:x:0:\napp:x:1000:\nother:x:1001:\n');
    const list = withParents(files()).filter((path) => path !== '/etc/passwd' && path !== '/etc/group');
    const tar = (args: readonly string[], input?: string) => {
      const done = spawnSync('tar', args, { input, encoding: 'utf8' });
      if (done.status !== 0) throw new Error(`tar ${args.join(' ')}: ${done.stderr}`);
    };
    tar(['-C', '/', '--no-recursion', '--null', '-T', '-', '-cf', tarFile], list.map((path) => `${path.slice(1)}\0`).join(''));
    tar(['-C', extra, '--append', '-f', tarFile, 'etc/passwd', 'etc/group']);
  } finally {
    rmSync(extra, { recursive: true });
  }
}
