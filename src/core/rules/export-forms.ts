/** The names of the forms in which a kind is exported, where its readers want several. */
export const iocForms = ["plain", "csv", "stix", "misp"] as const;
export type IOCForm = (typeof iocForms)[number];
export const sigmaForms = ["logsource", "flat"] as const;
export type SigmaForm = (typeof sigmaForms)[number];

export interface ExportForms {
  /** At least one. */
  readonly ioc: readonly IOCForm[];
  readonly sigma: SigmaForm;
}

export const usualForms: ExportForms = { ioc: ["plain"], sigma: "logsource" };
