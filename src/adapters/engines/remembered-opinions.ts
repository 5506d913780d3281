/**
 * An engine that is not asked about the same file twice: of a ruleset of thousands of files, only the changed ones cost time. What it said
 * is kept by the digest of the file and the engine's version, in memory, and in the cache for the next start.
 */
import { createHash } from "node:crypto";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import type { CompileCache } from "../../ports/compile-cache.js";
import type { RuleEngine } from "../../ports/rule-engine.js";

type Opinion = readonly Omit<Finding, "path">[];

const opinionsMax = 200_000;
const cacheKey = (engine: RuleEngine) => `opinions-${engine.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;

export type RememberingEngine = RuleEngine & { close(): Promise<void> };

/** For engines that judge file by file; others are asked as they are. */
export async function rememberOpinions(engine: RuleEngine, cache: CompileCache): Promise<RememberingEngine> {
  if (engine.fileByFile !== true) return { ...delegate(engine), close: async () => engine.close?.() };
  const known = await readOpinions(engine, cache);
  let changed = false;
  return {
    ...delegate(engine),
    check: async (kind, files) => {
      const keys = files.map((file) => keyOf(kind, file));
      const unknown = files.filter((_, i) => !known.has(keys[i] as string));
      const said = byPath(unknown.length === 0 ? [] : await engine.check(kind, unknown));
      const opinions = files.map(({ path }, i) => {
        return known.get(keys[i] as string) ?? opinionOf(said.get(path) ?? []);
      });
      for (const [i, opinion] of opinions.entries()) {
        if (known.has(keys[i] as string) || !isLasting(opinion)) continue;
        known.set(keys[i] as string, opinion);
        changed = true;
      }
      for (const oldest of known.keys()) if (known.size > opinionsMax) known.delete(oldest);
      return files.flatMap(({ path }, i) => (opinions[i] as Opinion).map((one) => ({ path, ...one })));
    },
    close: async () => {
      await engine.close?.();
      if (!changed) return;
      const text = JSON.stringify([...known]);
      await cache.put(cacheKey(engine), new TextEncoder().encode(text));
    },
  };
}

/** One that took too long may have had a busy machine. */
function isLasting(opinion: Opinion): boolean {
  return !opinion.some(({ code }) => code.endsWith("_FAILED"));
}

function delegate(engine: RuleEngine): RuleEngine {
  const { name, kinds, soundRulesOnly, fileByFile } = engine;
  return { name, kinds, soundRulesOnly, fileByFile, check: (kind, files) => engine.check(kind, files) };
}

function opinionOf(findings: readonly Finding[]): Opinion {
  return findings.map(({ path: _, ...rest }) => rest);
}

function keyOf(kind: RuleKind, { bytes }: SourceFile): string {
  return `${kind} ${createHash("sha256").update(bytes).digest("base64")}`;
}

async function readOpinions(engine: RuleEngine, cache: CompileCache): Promise<Map<string, Opinion>> {
  const stored = await cache.open(cacheKey(engine));
  if (stored === undefined) return new Map();
  try {
    const bytes = await stored.read(0, stored.length);
    return new Map(JSON.parse(new TextDecoder().decode(bytes)) as [string, Opinion][]);
  } catch {
    // Nobody vouches for what is there; it is made again.
    return new Map();
  } finally {
    await stored.close();
  }
}

function byPath(findings: readonly Finding[]): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const one of findings) found.set(one.path, [...(found.get(one.path) ?? []), one]);
  return found;
}
