// Imported by a process before all else: the host names of AWS are this machine, so that adapters do what they do there.
import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.amazonaws.com') ? '127.0.0.1' : name, ...rest);
