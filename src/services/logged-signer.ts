/**
 * A signer that acts only with an entry for the act already in the access log (SPEC §13.2.3): there is no way to the key but
 * through here, and the way is closed while the log takes nothing.
 */
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import type { AccessLog } from "./access-log.js";

interface Signing {
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** @throws what `record` throws, before the key is touched */
export function signOnlyLogged<S extends Signing>(signer: S, key: string, log: Pick<AccessLog, "record">): S {
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const act = { kind: "signature", operation: "sign", target: `key/${key}`, from: "service" } as const;
    const objects = [hexText(await sha256(message))];
    await log.record({ ...act, who: "service", rights: ["service"], objects });
    return signer.sign(message);
  };
  return new Proxy(signer, {
    get: (target, name) => {
      if (name === "sign") return sign;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
