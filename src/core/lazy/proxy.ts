// The way through proxies, which is loaded only where the environment names one.
export { createAgents } from '../proxy/agents';
export { explainAnswer } from '../proxy/answers';
export { proxyFor } from '../proxy/choice';
