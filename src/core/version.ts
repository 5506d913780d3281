/** The version of this program, which manifests compare with their `minimumClient`. A test holds it to package.json. */
export const version = "0.1.0";
