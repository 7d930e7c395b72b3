// Imported first by a process: AWS host names resolve to this machine, so that adapters behave as they do on AWS.
import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.amazonaws.com') ? '127.0.0.1' : name, ...rest);
