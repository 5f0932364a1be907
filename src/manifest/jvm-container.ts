import type { Container, PodSpec } from './pod-templates.ts';
import { SIDECAR } from './sidecar.ts';

const JVM_IMAGES = [
  ...['java', 'jdk', 'jre', 'openjdk', '\\w*temurin', '\\w*corretto', 'zulu', 'liberica', 'semeru', 'graalvm'],
  ...['tomcat', 'jetty', 'wildfly', 'payara', 'glassfish', 'weblogic', 'open-liberty', 'websphere-liberty', 'spring', 'quarkus'],
  ...['kafka', 'schema-registry', 'ksqldb', 'debezium', 'zookeeper', 'pulsar', 'activemq', 'artemis', 'nifi', 'camel'],
  ...['cassandra', 'elasticsearch', 'opensearch', 'logstash', 'solr', 'neo4j', 'hazelcast', 'infinispan', 'ignite'],
  ...['flink', 'spark', 'hadoop', 'hive', 'hbase', 'trino', 'presto', 'druid', 'pinot'],
  ...['jenkins', 'keycloak', 'sonarqube', 'nexus3?', 'artifactory', 'camunda', 'zipkin', 'metabase'],
];
const IMAGE = new RegExp(`(?:^|[/_.-])(?:${JVM_IMAGES.join('|')})(?:boot)?(?![a-z])`, 'i');
/** Programs in another language beside a server, whose image has the server's name. */
const EXPORTER = /exporter|dashboards?(?:[:@]|$)|operator|connect-ui/i;
const ENV =
  /^(?:JAVA_|JDK_|_JAVA_|JVM_|CATALINA_|SPRING_|MAVEN_|SERVER_SERVLET|\w*_JAVA_(?:OPTS|MEM)$|\w*_JVM_OPTS$|\w*_HEAP(?:_OPTS)?$|MAX_HEAP_SIZE$|NEO4J_)/;
const VALUE = /(?:^|\s)-(?:Xm[xs]\d|XX:[+-]?\w)/;
const COMMAND = /(?:^|[\s/])java(?:\s|$)|\.jar\b|-Xm[xs]\d/;

/** The reason why a container looks like a JVM; null: it does not. */
function evidence(container: Container): string | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  if (COMMAND.test(words)) return 'its command runs java';
  const env = (container.env ?? []).find((e) => ENV.test(e.name ?? '') || VALUE.test(String(e.value ?? '')));
  if (env !== undefined) return `it sets ${env.name}`;
  const image = container.image ?? '';
  return IMAGE.test(image) && !EXPORTER.test(image) ? `its image is ${image}` : null;
}

export type Choice =
  | { readonly state: 'chosen'; readonly container: Container; readonly why: string }
  /** The only container, and nothing in the manifest says that it runs a JVM. */
  | { readonly state: 'without-sign'; readonly container: Container }
  | { readonly state: 'absent' }
  | { readonly state: 'unclear'; readonly why: string };

/** The container to watch. `wanted`: names from --container; empty: the one that looks like a JVM. */
export function chooseContainer(pod: PodSpec, wanted: readonly string[]): Choice {
  const all = (pod.containers ?? []).filter((c) => c.name !== SIDECAR);
  if (wanted.length > 0) {
    const named = all.filter((c) => wanted.includes(c.name ?? ''));
    const [container] = named;
    if (container === undefined) return { state: 'absent' };
    if (named.length > 1)
      return { state: 'unclear', why: `--container names ${named.length} of its containers (${names(named)}); expected one` };
    return { state: 'chosen', container, why: 'named with --container' };
  }
  const [only] = all;
  if (only === undefined) return { state: 'unclear', why: 'expected at least one container, found none' };
  const likely = all.flatMap((container) => {
    const why = evidence(container);
    return why === null ? [] : [{ container, why }];
  });
  const [best] = likely;
  if (best !== undefined && likely.length === 1) return { state: 'chosen', ...best };
  if (all.length === 1) return { state: 'without-sign', container: only };
  return {
    state: 'unclear',
    why:
      best === undefined
        ? `none of its containers looks like a JVM (${names(all)}); say which with --container NAME`
        : `several containers look like a JVM (${names(likely.map((l) => l.container))}); say which with --container NAME`,
  };
}

const names = (containers: readonly Container[]): string => containers.map((c) => c.name).join(', ');
