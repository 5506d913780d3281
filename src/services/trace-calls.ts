/** A port whose calls are spans. What it is asked and what it answers stay its own: a span has the method's name alone. */
import type { SpanFacts, Tracer } from "../ports/tracer.js";

type Method = (...input: unknown[]) => Promise<unknown>;

/** `methods` give promises; all others are as they were. Without a tracer the port itself. */
export function traceCalls<T extends object>(
  tracer: Tracer | undefined,
  name: string,
  port: T,
  methods: readonly (keyof T & string)[],
): T {
  if (tracer === undefined) return port;
  const traced = new Map<string, Method>(
    methods.flatMap((method) => {
      const call = port[method] as Method | undefined;
      if (call === undefined) return [];
      const run: Method = (...input) => tracer.span(`${name} ${method}`, {}, () => call.apply(port, input));
      return [[method, run] as const];
    }),
  );
  return new Proxy(port, {
    get: (target, key) => {
      const found = typeof key === "string" ? traced.get(key) : undefined;
      if (found !== undefined) return found;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Work of ours as a span, where somebody traces. */
export function traced<T>(
  { tracer }: { readonly tracer?: Tracer },
  name: string,
  facts: SpanFacts,
  work: () => Promise<T>,
): Promise<T> {
  return tracer === undefined ? work() : tracer.span(name, facts, work);
}
