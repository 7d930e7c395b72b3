import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest gives each test file globals of its own, and with them an `Error` of which the errors of sockets and files are
 * no instances. The AWS SDK looks: outside Jest it keeps such an error with its code, inside it would wrap it into a
 * text and not try again.
 */
export default class NodeErrorsEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    this.global.Error = Error;
  }
}
