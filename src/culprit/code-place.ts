import { type Frame, frameText, isOfJdk } from './frames.ts';

/** The line of a program that did something, and the logging library through which it did it. */
export interface CodePlace {
  /** "com.acme.GeoClient.lookup:41"; null: no frame of the program is on the stack, as in the thread of an asynchronous logger. */
  readonly line: string | null;
  /** Of a logging library: the class that wrote; null: none is on the stack. */
  readonly logger: string | null;
  /** The level at which it was logged: "DEBUG"; null: not logged, or not known. */
  readonly level: string | null;
}

/** Logging libraries: who called them says more. java.util.logging is the JDK's as well. */
const LOGGERS = new RegExp(
  `^(?:${[
    String.raw`ch\.qos\.logback|net\.logstash\.logback|org\.slf4j|io\.github\.oshai|mu`,
    String.raw`org\.apache\.(?:logging|log4j|commons\.logging|juli\.logging)|com\.lmax\.disruptor`,
    String.raw`org\.jboss\.(?:logging|logmanager)|io\.quarkus\.logging|org\.(?:pmw\.)?tinylog`,
    String.raw`com\.google\.common\.flogger|java\.util\.logging`,
  ].join('|')})\\.`,
);
/** The methods of a logger that have the name of a level; those of JBoss have an f or a v at the end: debugf, infov. */
const LEVEL = /^(?:(trace|debug|info|warn|error|fatal)[fv]?|(finest|finer|fine|config|warning|severe))$/i;
/** Fluent interfaces (logger.atDebug().log(...)): the level may be in a method that they call. */
const BUILDER = /(?:EventBuilder|LogBuilder|LoggingApi)$/;

const classOf = (method: string): string => method.slice(0, method.lastIndexOf('.'));
const isLogger = ({ method }: Frame): boolean => LOGGERS.test(method);

/** The place in the program that a stack leads to, from its top. Pure. */
export function codePlaceOf(frames: readonly Frame[]): CodePlace {
  const own = frames.findIndex((frame) => !isLogger(frame) && !isOfJdk(frame.method));
  const above = own < 0 ? frames : frames.slice(0, own);
  const loggers = above.filter(isLogger);
  const writer = loggers.find(({ method }) => /(?:Appender|Handler)$/.test(classOf(method))) ?? loggers[0];
  // The method of the logger that the program called has the name of the level.
  const called = loggers
    .findLast(({ method }) => !BUILDER.test(classOf(method)))
    ?.method.split('.')
    .at(-1);
  const level = LEVEL.exec(called ?? '');
  const place = frames[own];
  return {
    line: place === undefined ? null : frameText(place),
    logger: writer === undefined ? null : classOf(writer.method),
    level: own >= 0 && level !== null ? (level[1] ?? level[2] ?? '').toUpperCase() : null,
  };
}
