import { ROUTES } from './routes.ts';

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, remediation: { type: ['string', 'null'] } },
    },
  },
};

/** OpenAPI 3.1 document of the API, generated from the route table. */
export function openapi(version: string): object {
  const error = (description: string) => ({ description, content: { 'application/json': { schema: ERROR } } });
  const methods = (path: string) =>
    ROUTES.filter((route) => route.path === path).map((route) => [
      route.method ?? 'get',
      {
        summary: route.summary,
        parameters: Object.entries(route.query).map(([name, description]) => ({
          name,
          in: 'query',
          required: false,
          description,
          schema: { type: 'string' },
        })),
        responses: {
          200: { description: route.summary, content: { 'application/json': {} } },
          400: error('A parameter is wrong'),
          404: error('There is no such path or target'),
          ...(route.path.endsWith('/verdict')
            ? { 409: { description: 'A gate was hit; the verdict is the answer', content: { 'application/json': {} } } }
            : {}),
          ...(route.method === undefined
            ? {}
            : {
                403: error('No token is set up, or --attach is not given'),
                409: error('There is no JVM, or a search for a culprit runs'),
                502: error('The JVM did not answer'),
              }),
          503: error('No target: memhound sees only itself; `remediation` holds the YAML that helps'),
        },
      },
    ]);
  const paths = Object.fromEntries(ROUTES.map(({ path }) => [path, Object.fromEntries(methods(path))]));
  return { openapi: '3.1.0', info: { title: 'memhound', version, description: "Finds where a JVM pod's memory went" }, paths };
}
