/**
 * The variables that name a proxy, which sudo does not pass on. `NODE_EXTRA_CA_CERTS` is not one of them: root would read
 * the file that it names.
 */
export const PROXY_VARIABLES = [
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
] as const;

/** Returns those of this process. */
export const proxyVariables = (environment: NodeJS.ProcessEnv = process.env): Record<string, string> =>
  Object.fromEntries(
    PROXY_VARIABLES.map((name) => [name, environment[name]] as const).filter(
      (variable): variable is [(typeof PROXY_VARIABLES)[number], string] => variable[1] !== undefined,
    ),
  );
