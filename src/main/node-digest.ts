export { nodeDigest } from "../adapters/node-digest.js";
