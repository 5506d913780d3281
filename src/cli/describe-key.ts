/** Keys and lint results in words. */

interface KeyView {
  readonly keyid: string;
  readonly scheme: string;
  readonly publicKey: string;
}

interface LintView {
  readonly name: string;
  readonly severity: "error" | "warning";
  readonly clause: string;
  readonly result: "pass" | "fail" | "not-applicable";
  readonly evidence: string;
}

export function describeKey({ keyid, scheme, publicKey }: KeyView): string {
  return `key id ${keyid}\nscheme ${scheme}\n${publicKey}`;
}

/** Failures first; what passed is a count. */
export function describeChain(lints: readonly LintView[]): string {
  const failed = lints.filter(({ result }) => result === "fail");
  const passed = lints.filter(({ result }) => result === "pass").length;
  const lines = failed.map(
    ({ severity, name, clause, evidence }) => `${severity.padEnd(7)} ${name} (${clause}): ${evidence}`,
  );
  return [...lines, `${passed} rules hold, ${failed.length} do not`].join("\n");
}
