import { describe, expect, it } from "vitest";
import { nameText } from "../../../../src/core/rules/ioc/hosts.js";

describe("the name of a key", () => {
  // The last three are keys that no compiler writes; a reader of records must come back from them.
  const keys = ["com example www", "com", "com example *", "", " com", "  ", "com  www"];
  it.each(keys)("%j is its labels the other way round", (key) => {
    expect(nameText(key)).toBe(key.split(" ").reverse().join("."));
  });
});
