/**
 * Where a worker thread's script lies, beside the module that starts it. A worker must be JavaScript:
 * when the caller is a TypeScript source (under the test runner), the built file in `dist` is taken.
 */
export function workerURL(metaURL: string, name: string): URL {
  const caller = new URL(metaURL);
  caller.search = "";
  const built = caller.pathname.endsWith(".ts")
    ? caller.pathname.replace(/\/src\/(?!.*\/src\/)/, "/dist/")
    : caller.pathname;
  caller.pathname = built;
  return new URL(`./${name}.js`, caller);
}
