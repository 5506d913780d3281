/** The version that a manifest's `minimumClient` is compared with; a test holds it equal to package.json. */
export const clientVersion = "0.1.0";
