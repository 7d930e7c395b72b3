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
    // What commands say is read without colours, whatever the CI or Jest wants for its own output.
    for (const { env } of [process, this.global.process]) {
      env.NO_COLOR = '1';
      delete env.FORCE_COLOR;
    }
  }
}
