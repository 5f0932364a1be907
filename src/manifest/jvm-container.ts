import type { Container, PodSpec } from './pod-templates.ts';
import { SIDECAR } from './sidecar.ts';
import { ManifestError } from './yaml-text.ts';

const IMAGE =
  /(?:^|[/_.-])(?:java|jdk|jre|openjdk|temurin|corretto|zulu|liberica|semeru|graalvm|tomcat|jetty|wildfly|spring|kafka|cassandra|elasticsearch|jenkins|keycloak)/i;
const ENV = /^(?:JAVA_|JDK_|_JAVA_|JVM_|CATALINA_|SPRING_|MAVEN_|SERVER_SERVLET)/;
const COMMAND = /(?:^|[\s/])java(?:\s|$)|\.jar\b|-Xm[xs]\d/;

/** The reason why a container looks like a JVM; null: it does not. */
function evidence(container: Container): string | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  if (COMMAND.test(words)) return 'its command runs java';
  const name = (container.env ?? []).map((e) => e.name ?? '').find((n) => ENV.test(n));
  if (name !== undefined) return `it sets ${name}`;
  return IMAGE.test(container.image ?? '') ? `its image is ${container.image}` : null;
}

export type Choice =
  | { readonly state: 'chosen'; readonly container: Container; readonly why: string }
  | { readonly state: 'absent' };

/** The container to watch. @throws ManifestError if several are possible */
export function chooseContainer(pod: PodSpec, wanted: string | null): Choice {
  const all = (pod.containers ?? []).filter((c) => c.name !== SIDECAR);
  if (wanted !== null) {
    const container = all.find((c) => c.name === wanted);
    return container === undefined ? { state: 'absent' } : { state: 'chosen', container, why: 'named with --container' };
  }
  const [only] = all;
  if (only === undefined) throw new ManifestError('expected at least one container, found none');
  if (all.length === 1) return { state: 'chosen', container: only, why: 'the only container' };
  const likely = all.flatMap((container) => {
    const why = evidence(container);
    return why === null ? [] : [{ container, why }];
  });
  const [best] = likely;
  if (best !== undefined && likely.length === 1) return { state: 'chosen', ...best };
  const names = (likely.length === 0 ? all : likely.map((l) => l.container)).map((c) => c.name).join(', ');
  throw new ManifestError(
    likely.length === 0
      ? `none of its containers looks like a JVM (${names}); say which with --container NAME`
      : `several containers look like a JVM (${names}); say which with --container NAME`,
  );
}
