/** The signature files that ClamAV tells apart by their extension, each with the byte that begins its records. */

/** What a line looks like. */
export type LineForm = "hash" | "section-hash" | "content" | "logical" | "ignore";

export interface FileType {
  readonly extension: string;
  readonly form: LineForm;
  /** First character of every record of this type; the order of the table is the order of a section. */
  readonly mark: string;
}

// The letter u stands for "potentially unwanted"; such files hold the same lines and load on request only.
const forms: readonly (readonly [string, LineForm])[] = [
  ["hdb", "hash"],
  ["hdu", "hash"],
  ["hsb", "hash"],
  ["hsu", "hash"],
  ["mdb", "section-hash"],
  ["mdu", "section-hash"],
  ["msb", "section-hash"],
  ["msu", "section-hash"],
  ["ndb", "content"],
  ["ndu", "content"],
  ["ldb", "logical"],
  ["ldu", "logical"],
  ["fp", "hash"],
  ["sfp", "hash"],
  ["ign", "ignore"],
  ["ign2", "ignore"],
];

/** Appending to the table keeps old records readable; changing its order does not. */
export const fileTypes: readonly FileType[] = forms.map(([extension, form], i) => ({
  extension,
  form,
  mark: String.fromCharCode(i + 1),
}));

const byExtension = new Map(fileTypes.map((type) => [type.extension, type]));

export function fileTypeOf(path: string): FileType | undefined {
  return byExtension.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase());
}

export function recordType(record: string): FileType {
  const type = fileTypes[record.charCodeAt(0) - 1];
  if (type === undefined) throw new RangeError(`no signature file type has the mark ${record.charCodeAt(0)}`);
  return type;
}
