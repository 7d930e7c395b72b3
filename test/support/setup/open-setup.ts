import { freePort } from '../ghost/boot';
import { type BlogStandIn, startBlogStandIn } from './blog';
import { type Cloud, startCloud } from './cloud';
import type { InstallationOptions } from './installation';
import { openSetupLab, type SetupLab } from './lab';

/** A stand-in for Ghost, and all that `setup` needs around it. */
export interface OpenedSetup {
  cloud: Cloud;
  blog: BlogStandIn;
  lab: SetupLab;
  close: () => Promise<void>;
}

/**
 * Starts a blog that runs from its disk, and an account without an image server.
 *
 * @param files of the blog, by their path in the content folder
 * @param options how the blog is installed
 * @param zone in place of `example.test`
 */
export async function openSetup(
  files: Record<string, Buffer>,
  options: InstallationOptions = {},
  zone?: string,
): Promise<OpenedSetup> {
  const port = await freePort();
  const cloud = await startCloud(port, zone);
  const blog = await startBlogStandIn(port, cloud.s3.endpoint, files, options);
  const lab = await openSetupLab(cloud, blog);
  return {
    cloud,
    blog,
    lab,
    async close() {
      await lab.close();
      await blog.close();
      await cloud.close();
    },
  };
}
