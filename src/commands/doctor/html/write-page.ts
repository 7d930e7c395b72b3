import { ownManifest } from '../../../shell/paths';
import type { CheckReport } from '../check';
import type { DoctorContext } from '../context';
import { pageOf } from './page';
import type { PageFile } from './page-file';
import { redactFor } from './redact';

/** Writes the page of a run into its file, without secrets. */
export function writePage(file: PageFile, context: DoctorContext, reports: CheckReport[]): void {
  const redact = redactFor(context);
  const { version } = ownManifest();
  file.write(
    pageOf({
      reports: reports.map((report) => redacted(report, redact)),
      images: context.ownImages.map((image) => redacted(image, redact)),
      cdnUrl: cdnUrlOf(context),
      blog: context.siteUrl && redact(context.siteUrl),
      versions: [
        ['ghost-storage-s3-cloudfront', version],
        ['Ghost', context.site?.version ?? context.site?.major?.toString() ?? 'not on this machine'],
        ['Node', process.versions.node],
      ],
      date: new Date(),
    }),
  );
}

function redacted<T extends object>(value: T, redact: (text: string) => string): T {
  const entries = Object.entries(value).map(([name, text]) => [
    name,
    typeof text === 'string' && name !== 'name' ? redact(text) : (text as unknown),
  ]);
  return Object.fromEntries(entries) as T;
}

/** @returns undefined when the options are not valid */
function cdnUrlOf(context: DoctorContext): string | undefined {
  try {
    return context.config.cdnUrl;
  } catch {
    return undefined;
  }
}
