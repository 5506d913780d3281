/** A person in a browser before the pages of `oidc-provider`: follows what it is sent to, keeps cookies, fills in forms. */

/** From the address that `rulemint login` shows to the answer that it waits for. @throws Error when no page leads on */
export async function logInAs(person: string, address: string): Promise<string> {
  const cookies = new Map<string, string>();
  const go = async (url: string, body?: URLSearchParams) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      ...{ redirect: "manual", headers: { Cookie: cookie } },
      ...(body && { method: "POST", body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  let url = address;
  let response = await go(url);
  for (let step = 0; step < 12; step++) {
    const next = response.headers.get("location");
    if (next !== null) {
      url = new URL(next, url).href;
      response = await go(url);
      continue;
    }
    const page = await response.text();
    if (new URL(url).pathname === "/callback") return page;
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) break;
    url = new URL(action, url).href;
    response = await go(url, new URLSearchParams({ prompt, login: person, password: "any" }));
  }
  throw new Error(`expected a page that leads on, got ${response.status} at ${url}`);
}
