/**
 * Before anything else is loaded: a young generation that has grown while modules were read stays large, and costs an endpoint 24 MiB.
 * Whoever writes options in front of the command gets the setting a moment later (`tuneForEndpoint`).
 */
import { keepYoungSmall } from "./give-back.js";

if (process.argv[2] === "client") keepYoungSmall();
