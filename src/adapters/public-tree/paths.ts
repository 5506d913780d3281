/**
 * Which paths may stand in the public tree. Nothing that passes here can name a file outside the tree's
 * folder.
 */
import { UsageError, quote } from "../../core/errors.js";

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Relative, forward slashes, no segment that starts with a dot. @throws UsageError PATH_UNSAFE */
export function checkPublicPath(path: string): string {
  if (path.length > 400 || !path.split("/").every((part) => segment.test(part))) {
    throw new UsageError("PATH_UNSAFE", `expected a path inside the public tree, got ${quote(path)}`);
  }
  return path;
}
