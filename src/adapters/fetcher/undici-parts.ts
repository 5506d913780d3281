/**
 * The part of undici that we use. Its index loads eighty files more, for caches, mocks and a browser's ways: 100 ms of CPU and some MiB at each
 * start of an endpoint.
 */
import methods from "undici/lib/api/index.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

// As the index does: `request`, and `connect`, which a proxy needs.
Object.assign(Dispatcher.prototype, methods);

export { Agent, ProxyAgent };
