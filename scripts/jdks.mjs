// The JDKs that Debian's archive has, for tests and benches. `node scripts/jdks.mjs [LINE...]` fetches them into the user's cache folder
// (some 200 MB a line), and jdk(LINE) says how one is started. Nothing of the system is replaced: the packages are unpacked into a folder
// together with the libc that they were built for, and their programs get that folder's loader and libraries. So /proc/PID/exe is
// .../bin/java, as of any JVM. Debian has neither OpenJ9 nor GraalVM's native images.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cache, filesIn, keepLinksInside, run, unpack } from './debian-archive.mjs';

export const JDK_LINES = [8, 11, 17, 21, 25];

/** What the JVM itself loads, and the program that changes where its programs look for it. */
const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6', 'zlib1g', 'patchelf'];
/** Nothing here links against a JVM or builds an image of one, and this is most of what the packages hold. */
const NOT_NEEDED = ['jmods', 'man', 'src.zip', 'lib/src.zip', 'docs'];

const rootOf = (line) => join(cache, 'jdks', String(line));
const markOf = (line) => join(rootOf(line), 'jdk.json');

/**
 * A JDK that has been fetched: its programs by their paths.
 * @typedef {{ line: number, version: string, home: string, java: string, javac: string, jcmd: string, jstat: string, jfr: string }} Jdk
 */

/** null where it has not been fetched: nothing is downloaded by this. @type {(line: number) => Jdk | null} */
export function jdk(line) {
  if (!existsSync(markOf(line))) return null;
  const { version, home } = JSON.parse(readFileSync(markOf(line), 'utf8'));
  const program = (name) => join(home, 'bin', name);
  return {
    line,
    version,
    home,
    java: program('java'),
    javac: program('javac'),
    jcmd: program('jcmd'),
    jstat: program('jstat'),
    jfr: program('jfr'),
  };
}

/**
 * Fetches a JDK that is not there yet.
 * @type {(line: number) => { state: 'there', jdk: Jdk } | { state: 'missing', line: number, reason: string }}
 */
export function fetchJdk(line) {
  const known = jdk(line);
  if (known !== null) return { state: 'there', jdk: known };
  const root = rootOf(line);
  try {
    rmSync(root, { recursive: true, force: true }); // what a run left that was ended
    mkdirSync(root, { recursive: true });
    unpack([`openjdk-${line}-jre-headless`, `openjdk-${line}-jdk-headless`, ...LIBRARIES], root);
    const home = homeIn(root, line);
    for (const name of NOT_NEEDED) rmSync(join(home, name), { recursive: true, force: true });
    keepLinksInside(join(root, 'usr', 'lib', 'jvm'), root);
    useOwnLibraries(root, home);
    makeClassArchives(home);
    writeFileSync(markOf(line), JSON.stringify({ version: versionOf(home), home }));
    return { state: 'there', jdk: jdk(line) };
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    const said = String(error.stderr ?? '')
      .trim()
      .split('\n')
      .slice(-3)
      .join('; ');
    return { state: 'missing', line, reason: said || error.message };
  }
}

function homeIn(root, line) {
  const all = join(root, 'usr', 'lib', 'jvm');
  return join(
    all,
    readdirSync(all).find((name) => name.startsWith(`java-${line}-openjdk`)),
  );
}

/** Programs start by the loader of this tree. A library's own list of folders hides its program's, so both get the tree's folder. */
function useOwnLibraries(root, home) {
  const all = join(root, 'usr', 'lib');
  const libraries = join(
    all,
    readdirSync(all).find((name) => /-linux-gnu/.test(name)),
  );
  const loader = join(
    libraries,
    readdirSync(libraries).find((name) => /^ld-linux/.test(name)),
  );
  const patchelf = (...args) => run(loader, ['--library-path', libraries, join(root, 'usr', 'bin', 'patchelf'), ...args]).trim();
  for (const { path, entry } of filesIn(home)) {
    if (!entry.isFile() || readFileSync(path).subarray(0, 4).toString('latin1') !== '\x7fELF') continue;
    const isLibrary = /\.so$/.test(path);
    const own = patchelf('--print-rpath', path);
    if (isLibrary && own === '') continue; // it looks where its program does
    const folders = [own, libraries].filter(Boolean).join(':');
    patchelf('--force-rpath', '--set-rpath', folders, ...(isLibrary ? [] : ['--set-interpreter', loader]), path);
  }
}

function versionOf(home) {
  const { stderr, error } = spawnSync(join(home, 'bin', 'java'), ['-version'], { encoding: 'utf8' });
  const version = /\(build ([^)]+)\)/.exec(stderr ?? '')?.[1];
  if (version === undefined) throw new Error(`java -version: expected a build, found ${error?.message ?? stderr}`);
  return version;
}

/** Class data archives, which the packages' own scripts or the builds of others make: with and without compressed pointers to objects. */
function makeClassArchives(home) {
  const java = join(home, 'bin', 'java');
  for (const flags of [[], ['-XX:-UseCompressedOops']]) {
    try {
      run(java, [...flags, '-Xshare:dump']);
    } catch {
      // JDK 8 and 11 make none without compressed pointers, and run without one
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const asked = process.argv.slice(2).map(Number);
  const unknown = asked.filter((line) => !JDK_LINES.includes(line));
  if (unknown.length > 0) {
    console.error(`JDK lines: expected some of ${JDK_LINES.join(', ')}, found ${process.argv.slice(2).join(' ')}`);
    process.exit(2);
  }
  for (const line of asked.length > 0 ? asked : JDK_LINES) {
    const got = fetchJdk(line);
    console.log(
      got.state === 'there' ? `JDK ${line}: ${got.jdk.version} in ${got.jdk.home}` : `JDK ${line}: missing: ${got.reason}`,
    );
    if (got.state === 'missing') process.exitCode = 1;
  }
}
