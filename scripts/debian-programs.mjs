// Servers and launchers of JVMs from Debian's archive, unpacked into the user's cache folder: `node scripts/debian-programs.mjs [NAME...]`.
// Nothing is installed, and one that cannot be had is named with the reason.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cache, keepLinksInside, unpack } from './debian-archive.mjs';

/** What each needs to run, which is less than its packages depend on. */
const SERVERS = {
  tomcat: [
    'tomcat11',
    'tomcat11-common',
    'libtomcat11-java',
    'libeclipse-jdt-core-java',
    'libeclipse-jdt-core-compiler-batch-java',
  ],
  jetty: ['jetty9', 'libjetty9-java', 'libservlet-api-java'],
  activemq: [
    ...['activemq', 'libactivemq-java', 'libgeronimo-jms-1.1-spec-java', 'libgeronimo-j2ee-management-1.1-spec-java'],
    ...['libslf4j-java', 'libhawtbuf-java', 'libxbean-java', 'libcommons-pool2-java', 'libjackson2-core-java'],
    ...['libgeronimo-j2ee-connector-1.5-spec-java', 'libgeronimo-jta-1.2-spec-java'],
  ],
  zookeeper: [
    ...['libzookeeper-java', 'libdropwizard-metrics-java', 'libslf4j-java', 'libnetty-java', 'libnetty-common-java'],
    ...['libnetty-buffer-java', 'libsnappy-java', 'libjackson2-core-java', 'libjackson2-databind-java', 'libcommons-cli-java'],
    ...['libjetty9-java', 'libservlet-api-java', 'libjackson2-annotations-java', 'libcommons-io-java'],
  ],
  hsqldb: ['libhsqldb-java'],
  jruby: [
    ...['jruby', 'libasm-java', 'libjffi-java', 'libjffi-jni', 'libjcodings-java', 'libjruby-joni-java', 'libjnr-constants-java'],
    ...['libjnr-enxio-java', 'libjnr-ffi-java', 'libjnr-netdb-java', 'libjnr-posix-java', 'libjnr-unixsocket-java'],
    ...['libjnr-x86asm-java', 'libjnr-a64asm-java', 'libjoda-time-java', 'libjzlib-java', 'libinvokebinder-java'],
    ...['libheadius-options-java', 'libdirgra-java', 'libjitescript-java', 'libbackport9-java', 'libfastdoubleparser-java'],
  ],
};

/** Native ones come with the libc that they were built for. The launcher of JRuby is in the server's packages. */
const LAUNCHERS = {
  groovy: ['groovy', 'antlr', 'libasm-java', 'libcommons-cli-java', 'libjansi-java', 'libjline2-java'],
  scala: ['scala', 'scala-library', 'scala-asm', 'libjansi-java', 'libjline2-java'],
  clojure: ['clojure', 'libclojure-java', 'libcore-specs-alpha-clojure', 'libspec-alpha-clojure'],
  jsvc: ['jsvc', 'libcommons-daemon-java', 'libc6'],
  tini: ['tini', 'libc6'],
  s6: ['s6', 'execline', 'libexecline2.9', 'libs6-2.15', 'libskarnet2.15', 'libc6'],
  supervisor: ['supervisor'],
};

const PACKAGES = { ...SERVERS, ...LAUNCHERS };
const NAMES = Object.keys(PACKAGES);
const rootOf = (name) => join(cache, name in SERVERS ? 'servers' : 'launchers', name);

/** The folder of a program's packages; null where it has not been fetched: nothing is downloaded by this. @type {(name: string) => string | null} */
export const programRoot = (name) => (existsSync(join(rootOf(name), 'done')) ? rootOf(name) : null);

/** @type {(name: string) => { state: 'there', root: string } | { state: 'missing', reason: string }} */
export function fetchProgram(name) {
  const root = rootOf(name);
  if (programRoot(name) !== null) return { state: 'there', root };
  try {
    rmSync(root, { recursive: true, force: true }); // what a run left that was ended
    mkdirSync(root, { recursive: true });
    unpack(PACKAGES[name], root);
    keepLinksInside(root, root);
    writeFileSync(join(root, 'done'), '');
    return { state: 'there', root };
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    return {
      state: 'missing',
      reason:
        String(error.stderr ?? '')
          .trim()
          .split('\n')
          .at(-1) || error.message,
    };
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`programs: expected some of ${NAMES.join(', ')}, found ${unknown.join(', ')}`);
    process.exit(2);
  }
  for (const name of asked.length > 0 ? asked : NAMES) {
    const got = fetchProgram(name);
    console.log(`${name}: ${got.state === 'there' ? got.root : `missing: ${got.reason}`}`);
    if (got.state === 'missing') process.exitCode = 1;
  }
}
