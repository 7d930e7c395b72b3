import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest gives each test file its own globals, so that errors of sockets and files are not instances of its `Error`. The
 * AWS SDK checks that: without this, it would turn such an error into text and not retry.
 */
export default class NodeErrorsEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    this.global.Error = Error;
    // Jest keeps 100 calls of every error, also of the many that are thrown and caught.
    Error.stackTraceLimit = 20;
    // The output of commands is read without colors, whatever the CI or Jest sets for its own.
    for (const { env } of [process, this.global.process]) {
      env.NO_COLOR = '1';
      delete env.FORCE_COLOR;
    }
  }
}
