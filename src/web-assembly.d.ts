/** What we use of WebAssembly, which is a global of every platform (W3C WebAssembly JavaScript Interface). */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]?: string;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module): Promise<{ readonly exports: object }>;
}
