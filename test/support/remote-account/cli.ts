// The command line, whose AWS clients call the account of `startRemoteAccount`.
import './in-account';
import '../../../src/cli';
