/** The first byte of a record: a namespace with its imports, or a rule (`file.ts`). */
export const namespaceMark = "\x00";
export const ruleMark = "\x01";
