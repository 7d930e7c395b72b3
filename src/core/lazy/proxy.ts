// The support for proxies, which is loaded only where the environment names one.
export { createAgents, openTunnel } from '../proxy/agents';
export { explainAnswer } from '../proxy/answers';
export { proxyFor } from '../proxy/choice';
