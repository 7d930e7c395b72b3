import type { S3Client } from '@aws-sdk/client-s3';

/** The signals of commands, by their inputs. */
const ofInputs = new WeakMap<object, AbortSignal>();

const SIGNAL = Symbol('signal');

/** The signals of HTTP requests. */
const ofRequests = new WeakMap<object, AbortSignal>();

/**
 * Returns a command that a signal ends. The SDK also takes a signal as an option of `send`, but then it builds its
 * middleware for each request, which takes a third of its time for an image that is sent to a visitor.
 *
 * @param signal undefined for a command that nothing ends
 */
export function endedBy<Command extends { input: object }>(command: Command, signal: AbortSignal | undefined): Command {
  if (signal) {
    ofInputs.set(command.input, signal);
  }
  return command;
}

/** The arguments of the SDK's middleware, which keeps what it does not know. */
interface Arguments {
  input: object;
  request?: unknown;
  [SIGNAL]?: AbortSignal;
}

/** Lets `signalOf` find the signals of the requests of a client. */
export function passSignals(client: S3Client): void {
  const { middlewareStack } = client;
  // The first step, as later ones copy the input.
  middlewareStack.add(
    (next) => (args) => {
      const withSignal: typeof args & Arguments = { ...args, [SIGNAL]: ofInputs.get(args.input) };
      return next(withSignal);
    },
    { step: 'initialize', priority: 'high', name: 'takeSignal' },
  );
  middlewareStack.add(
    (next) => (args) => {
      const { request, [SIGNAL]: signal } = args as Arguments;
      if (signal) {
        ofRequests.set(request as object, signal);
      }
      return next(args);
    },
    // The last step, as signing copies the request.
    { step: 'deserialize', priority: 'low', name: 'passSignal' },
  );
}

/** Returns the signal that ends an HTTP request, or undefined. */
export const signalOf = (request: object): AbortSignal | undefined => ofRequests.get(request);
