import path from 'node:path';

/**
 * Returns the environment of a program for which some hosts are on this machine.
 *
 * The program requires a file, since with `--import` Node would read all its code twice, to find the names it exports.
 *
 * @param ports local ports, by host and port: `images.example.com:443`
 */
export const localHosts = (ports: Record<string, number>): Record<'NODE_OPTIONS' | 'LOCAL_HOSTS', string> => ({
  NODE_OPTIONS: `--require ${JSON.stringify(path.join(__dirname, 'map-hosts.cjs'))}`,
  LOCAL_HOSTS: JSON.stringify(ports),
});
