/** The first rule of which two source maps say different things: for whoever was handed a map and made one. */
import type { Database } from "../format/database.js";
import type { RulePlace } from "../format/source-map.js";
import type { SourceMap } from "../format/source-map-reader.js";
import { quote } from "../errors.js";
import { ruleLanguage } from "../rules/registry.js";
import type { NumberedFile } from "./source-map.js";
import { sourcePath } from "./compile.js";

/**
 * Undefined when they say the same of every record. Maps of other sections or trees differ in what `database` and `files` are about, so
 * they are held against these first.
 *
 * @throws VerificationError SOURCE_MAP_MALFORMED
 */
export async function sourceMapDifference(
  database: Database,
  files: readonly NumberedFile[],
  mine: SourceMap,
  theirs: SourceMap,
): Promise<string | undefined> {
  const head = JSON.stringify(mine.head);
  if (JSON.stringify(theirs.head) !== head) return `it is of ${JSON.stringify(theirs.head)}, not of ${head}`;
  for (const { kind } of mine.sections) {
    let number = 0;
    for await (const batch of database.records(kind)) {
      for (const record of batch) {
        const [own, other] = [await mine.placesOf(kind, number), await theirs.placesOf(kind, number)];
        const [here, there] = [own, other].map((places) => text(places, files));
        const id = quote(ruleLanguage(kind).ruleID(record) ?? "without an id");
        if (here !== there) return `${kind} rule ${id} stands in ${here}, not in ${there}`;
        number++;
      }
    }
  }
  return undefined;
}

function text(places: readonly RulePlace[], files: readonly NumberedFile[]): string {
  return places
    .map(({ file, line, lines }) => {
      const named = files[file];
      const path = named === undefined ? `file ${file}` : sourcePath(named.revision, named.file);
      return lines === 1 ? `${path}:${line}` : `${path}:${line}-${line + lines - 1}`;
    })
    .join(", ");
}
