/** What the commands about an endpoint's local rules need from the rest of the program. */
import type { RuleKind } from "../core/rules/model.js";
import type { Progress, Report } from "./doors.js";

interface Place {
  readonly state: string;
}

export interface ChooseOrder extends Place {
  readonly verb: "disable" | "enable" | "allow";
  readonly what: readonly string[];
  readonly kind?: RuleKind;
  readonly pattern?: boolean;
  readonly untilChanged?: boolean;
  readonly reason?: string;
}

export interface AddOrder extends Place {
  readonly verb: "add";
  /** Paths. */
  readonly files: readonly string[];
  readonly replace?: boolean;
  readonly reason?: string;
}

export interface RemoveOrder extends Place {
  readonly verb: "remove";
  readonly what: readonly string[];
  readonly kind?: RuleKind;
}

export interface PlainOrder extends Place {
  readonly verb: "list" | "check" | "reset";
}

export type RulesOrder = PlainOrder | ChooseOrder | AddOrder | RemoveOrder;

export interface RulesDoors {
  clientRules(order: RulesOrder, progress: Progress): Promise<Report>;
}
