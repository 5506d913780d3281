/** SPEC §3.11.3, §3.11.7: the options of a rule. */
import { trimmed } from "./blanks.js";
import { NotARule } from "./model.js";

export interface Option {
  /** In lower case. */
  readonly name: string;
  /** Without blanks around it; undefined when there is no colon. */
  readonly value: string | undefined;
}

const words = (text: string) => new Set(text.split(/\s+/));
const once = words("msg sid rev gid");
const patterns = words("content uricontent pcre protected_content");
const modifiers = words(
  "nocase depth offset distance within startswith endswith fast_pattern rawbytes replace",
);
const bare = words(
  `nocase startswith endswith rawbytes sameip ftpbounce noalert bypass prefilter pkt_data base64_data
  tls_cert_expired tls_cert_valid tls_store compress_whitespace strip_whitespace strip_pseudo_headers
  to_md5 to_sha1 to_sha256 dotprefix url_decode header_lowercase to_lowercase to_uppercase
  http_cookie http_method http_client_body http_server_body http_header http_raw_header http_uri http_raw_uri
  http_stat_msg http_stat_code http_user_agent http_host http_raw_host dns_query tls_sni ja3_hash`,
);
const valued = words(
  `sid rev gid msg content uricontent pcre classtype priority reference metadata target
  depth offset distance within flow flowbits threshold detection_filter isdataat dsize urilen bsize
  byte_test byte_jump byte_extract byte_math dataset datarep lua`,
);

/** `text` begins behind the opening parenthesis. A semicolon without a backslash right before it ends an option, in quotes too. */
export function optionsOf(text: string): Option[] {
  const options: Option[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[ \t]+/, "");
    if (rest.startsWith(")")) {
      if (trimmed(rest) !== ")") throw new NotARule("something behind the options");
      return options;
    }
    const [whole = "", body = ""] = /^(;|.*?[^\\];)/s.exec(rest)?.slice(0, 2) ?? [];
    if (whole === "") throw new NotARule("no semicolon");
    options.push(optionOf(body.slice(0, -1)));
    rest = rest.slice(whole.length);
  }
}

function optionOf(text: string): Option {
  const [, name = "", value] = /^([^:]*)(?::(.*))?$/s.exec(text) as RegExpExecArray;
  if (!/^[A-Za-z0-9_.-]+$/.test(trimmed(name))) throw new NotARule("no option");
  return { name: trimmed(name).toLowerCase(), value: value === undefined ? undefined : trimmed(value) };
}

export function checkOptions(options: readonly Option[]): void {
  for (const [i, { name, value }] of options.entries()) {
    const before = options.slice(0, i);
    if (once.has(name) && before.some((one) => one.name === name)) throw new NotARule(`${name} twice`);
    if (bare.has(name) && value !== undefined) throw new NotARule(`a value for ${name}`);
    if (valued.has(name) && (value ?? "") === "") throw new NotARule(`no value for ${name}`);
    if (modifiers.has(name) && !before.some((one) => patterns.has(one.name)))
      throw new NotARule(`nothing for ${name} to change`);
  }
}

export function valueText({ name, value }: Option): string | undefined {
  if (value === undefined) return undefined;
  switch (name) {
    case "content":
    case "uricontent":
      return contentText(value);
    case "pcre":
      return regexText(value);
    case "msg":
      return messageText(value);
    case "flow":
      return listText(value, ",");
    case "metadata":
    case "threshold":
    case "detection_filter":
      return listText(value, ", ");
    case "reference":
      return referenceText(value);
    default:
      if (/^!?[ \t]*"/.test(value)) quoted(value);
      return value;
  }
}

interface Quoted {
  readonly mark: "" | "!";
  readonly inner: string;
  /** What follows the closing quote. */
  readonly behind: string;
}

/** From the first quote to the last, or to one that a comma follows. */
function quoted(value: string): Quoted {
  const [front = "", mark] = /^(!?)[ \t]*"/.exec(value) ?? [];
  const rest = value.slice(front.length);
  const end = /(?:^|[^\\]|\\\\)"$/.test(rest) ? rest.length - 1 : rest.search(/"[ \t]*,[^"]*$/);
  if (front === "" || end < 0) throw new NotARule("no quotes");
  return { mark: mark as Quoted["mark"], inner: rest.slice(0, end), behind: rest.slice(end + 1) };
}

function messageText(value: string): string {
  const { mark, inner, behind } = quoted(value);
  if (mark === "!" || inner === "" || behind !== "") throw new NotARule("no message");
  return value;
}

const snortModifiers =
  /^(?:[ \t]*,[ \t]*(?:nocase|fast_pattern(?:_offset|_length)?|offset|depth|distance|within)(?: +[\w-]+)?)+$/;

function contentText(value: string): string {
  const { mark, inner, behind } = quoted(value);
  if (inner === "" || (behind !== "" && !snortModifiers.test(behind))) throw new NotARule("no content");
  const pieces = inner.match(/\|[^|]*\||\\[\\";:]|[^|\\"]/g) ?? [];
  if (pieces.join("") !== inner) throw new NotARule("no content");
  return `${mark}"${pieces.map((piece) => (piece.startsWith("|") ? hexPiece(piece) : piece)).join("")}"${behind}`;
}

function hexPiece(piece: string): string {
  const digits = piece.slice(1, -1).replace(/ /g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new NotARule("no bytes");
  return `|${(digits.toUpperCase().match(/../g) ?? []).join(" ")}|`;
}

function regexText(value: string): string {
  const { mark, inner, behind } = quoted(value);
  if (behind !== "" || !/^\/.*\/[imsxABCDEGHIKMOPQRSUVWYZ]*$/s.test(inner))
    throw new NotARule("no regular expression");
  return `${mark}"${inner}"`;
}

function listText(value: string, separator: string): string {
  const items = value.split(",").map((item) => trimmed(item).replace(/[ \t]+/g, " "));
  const text = items.filter((item) => item !== "").join(separator);
  if (text === "" && value !== "") throw new NotARule("commas alone");
  return text;
}

function referenceText(value: string): string {
  const [, type = "", place = ""] = /^([^,]*),(.*)$/s.exec(value) ?? [];
  if (!/^[A-Za-z0-9_-]+$/.test(trimmed(type)) || trimmed(place) === "") throw new NotARule("no reference");
  return `${trimmed(type)},${trimmed(place)}`;
}
