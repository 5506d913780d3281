/** Modules of undici 7.30.2 below its index, as `undici-parts.ts` puts them together. */
declare module "undici/lib/api/index.js" {
  const methods: object;
  export default methods;
}
declare module "undici/lib/dispatcher/dispatcher.js" {
  export { Dispatcher as default } from "undici";
}
declare module "undici/lib/dispatcher/agent.js" {
  export { Agent as default } from "undici";
}
declare module "undici/lib/dispatcher/proxy-agent.js" {
  export { ProxyAgent as default } from "undici";
}
