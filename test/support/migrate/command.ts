import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runMigrate } from '../../../src/commands/migrate/migrate';
import type { ReportLine, Summary } from '../../../src/commands/migrate/report';
import type { MigrateOptions } from '../../../src/commands/migrate/settings';
import { CDN_URL } from '../adapter';
import { digest } from '../bytes';
import type { TestBucket } from '../use-bucket';

/** A blog's content folder, with a Ghost configuration next to it. */
export interface ContentFolder {
  content: string;
  config: string;
  /** Writes files, named by their paths below the content folder. */
  write(files: Record<string, string | Uint8Array>): Promise<void>;
  /** Returns the digests of all files in the folder, by path. */
  read(): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

/** @param options the adapter's, for Ghost's configuration */
export async function createContentFolder(options: Record<string, unknown>): Promise<ContentFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'migrate-'));
  const content = path.join(folder, 'content');
  const config = path.join(folder, 'config.production.json');
  await mkdir(content);
  const storage = {
    active: 'S3CloudFrontStorage',
    media: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/media' },
    files: { adapter: 'S3CloudFrontStorage', staticFileURLPrefix: 'content/files' },
    S3CloudFrontStorage: options,
  };
  await writeFile(config, JSON.stringify({ url: 'https://blog.example.com', storage, urls: { image: CDN_URL } }));
  return {
    content,
    config,
    async write(files) {
      for (const [name, bytes] of Object.entries(files)) {
        const file = path.join(content, name);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(file, bytes);
      }
    },
    async read() {
      const entries = await readdir(content, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
      return Object.fromEntries(
        await Promise.all(
          files.sort().map(async (file) => [path.relative(content, file), digest(await readFile(file))] as const),
        ),
      );
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Creates a content folder for each test, whose configuration names its bucket, and removes it afterwards. */
export function useContentFolder(bucket: TestBucket): ContentFolder {
  const folder = {} as ContentFolder;
  beforeEach(async () => Object.assign(folder, await createContentFolder(bucket.options())));
  afterEach(() => folder.remove());
  return folder;
}

/** The results of a run of `migrate`. */
export interface Ran {
  /** The result that `--json` prints. */
  result: Summary & { dryRun: boolean };
  /** The other output. */
  said: string;
  exitCode: number;
  error?: Error & { cure?: string };
  /** The lines of the report, one for each file. */
  lines: ReportLine[];
}

/** Runs `migrate` in this process, with the configuration of a content folder. */
export async function runCommand(folder: ContentFolder, options: Partial<MigrateOptions> = {}): Promise<Ran> {
  const report = path.join(path.dirname(folder.content), 'report.jsonl');
  // Files that Ghost itself downloads are not in it.
  const hasReport = options.fromUrl === undefined || options.fromBucket !== undefined;
  const former = process.listeners('SIGINT');
  const printed: string[] = [];
  const said: string[] = [];
  const catching = (pieces: string[]) => (text: string | Uint8Array) => {
    pieces.push(String(text));
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(catching(printed)),
    jest.spyOn(process.stderr, 'write').mockImplementation(catching(said)),
  ];
  process.exitCode = undefined;
  let error: Error | undefined;
  try {
    const { config, content } = folder;
    await runMigrate({ config, content, json: true, ...(hasReport && { report }), ...options });
  } catch (thrown) {
    error = thrown as Error;
  } finally {
    spies.forEach((spy) => spy.mockRestore());
    process
      .listeners('SIGINT')
      .filter((one) => !former.includes(one))
      .forEach((one) => process.off('SIGINT', one));
  }
  const exitCode = error ? 1 : Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  const text = await readFile(report, 'utf8').catch(() => '');
  const isJson = !error && options.json !== false;
  return {
    result: isJson ? JSON.parse(printed.join('')) : undefined,
    said: isJson ? said.join('') : printed.join(''),
    exitCode,
    error,
    lines: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}
