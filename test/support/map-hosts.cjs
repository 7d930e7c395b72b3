// Loaded by a program before its own code: maps hosts to this machine, as `localHosts` says.
const dns = require('node:dns');
const net = require('node:net');
const { env } = require('node:process');

const ports = JSON.parse(env.LOCAL_HOSTS);

const { lookup } = dns.promises;
dns.promises.lookup = (name, ...rest) =>
  Object.keys(ports).some((place) => place.startsWith(`${name}:`))
    ? Promise.resolve([{ address: '127.0.0.1', family: 4 }])
    : lookup(name, ...rest);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [options] = net._normalizeArgs(args[0] instanceof Array ? args[0] : args);
  const port = ports[`${options.host}:${options.port}`];
  return port ? connect.call(this, { ...options, host: '127.0.0.1', port }) : connect.apply(this, args);
};
