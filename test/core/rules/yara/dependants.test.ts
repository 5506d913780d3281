import { expect, it } from "vitest";
import { dependants } from "../../../../src/core/rules/yara/dependants.js";
import { ruleMark } from "../../../../src/core/rules/yara/marks.js";

it("finds the name in front of a text that looks like the beginning of a condition", () => {
  const records = [
    `${ruleMark}rule Stands{condition:Bad and "x" contains "condition:"}`,
    `${ruleMark}rule Free{strings:$a="condition:Bad" condition:$a}`,
  ];
  expect([...dependants(records, ["Bad"])]).toEqual([[0, "Bad"]]);
});
