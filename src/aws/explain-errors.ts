import { explain } from './errors';

/** The client and the command that are running. */
interface Context {
  clientName?: string;
  commandName?: string;
}

/** The part of an SDK client that takes middleware. */
interface Client {
  middlewareStack: {
    add(
      middleware: <I, O>(next: (args: I) => Promise<O>, context: Context) => (args: I) => Promise<O>,
      options: { step: 'initialize'; priority: 'high'; name: string },
    ): void;
  };
}

/** IAM actions whose names differ from those of the commands. */
const ACTIONS: Record<string, string> = {
  // Every object is deleted with its version ID.
  's3:DeleteObjects': 's3:DeleteObjectVersion',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
};

/**
 * Adds explanations (see `explain`) to the errors of a client.
 *
 * @returns the client
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/middleware-stack.html
 */
export function explainErrors<T extends Client>(client: T): T {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw explain(actionOf(context), error);
      }
    },
    // Before all other middleware, so that it sees the errors of credentials and retries.
    { step: 'initialize', priority: 'high', name: 'explainErrors' },
  );
  return client;
}

/** Returns the action that IAM has to allow for a command, `acm:RequestCertificate`. */
function actionOf({ clientName = '', commandName = '' }: Context): string {
  const service = clientName.replace(/Client$/, '').toLowerCase();
  const action = `${service}:${commandName.replace(/Command$/, '')}`;
  return ACTIONS[action] ?? action;
}
