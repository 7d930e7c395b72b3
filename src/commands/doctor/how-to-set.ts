import type { ComposeGhost } from '../../ghost-site/compose/compose-ghost';
import { storagePlace } from '../../ghost-site/config';
import type { Setting } from '../../ghost-site/edit-config';
import { restartLine } from '../../ghost-site/restart';
import type { GhostSite } from '../../ghost-site/site';

/**
 * Returns how to set something in Ghost's configuration, as variables where Ghost runs in a container that is
 * configured by them.
 *
 * @param settings for the whole configuration, or below the `storage` block that Ghost reads
 * @param json how to do it in a JSON configuration
 */
export function howToSet(site: GhostSite | undefined, settings: readonly Setting[], json: string): string {
  if (site?.settings.format !== 'env' || !site.compose) {
    return json;
  }
  const { compose } = site;
  const ofStorage = ([place, value]: Setting): Setting =>
    place[0] === 'storage' ? [[...storagePlace(site.config), ...place.slice(1)], value] : [place, value];
  const lines = site.settings.withValues('', settings.map(ofStorage)).trimEnd().split('\n');
  const isInComposeFile = (line: string) => !site.settings.isWritable || compose.fixed.has(line.split('=', 1)[0] ?? '');
  const ofFile = lines.filter((line) => !isInComposeFile(line));
  return [
    ...(ofFile.length > 0 ? [`Set in ${site.settings.file}:`, ...ofFile] : []),
    ...blockOf(compose, lines.filter(isInComposeFile)),
    `Then: ${restartLine(site)}`,
  ].join('\n');
}

/** YAML reads values in double quotes the same way as env files do. */
const blockOf = ({ name, composeFile }: ComposeGhost, lines: string[]): string[] =>
  lines.length === 0
    ? []
    : [
        `Set in "environment" of the service ${name}, in ${composeFile}:`,
        ...lines.map((line) => line.replace('=', ': ')),
      ];
