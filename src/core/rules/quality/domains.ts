/** Names under which strangers live side by side, and names that everybody visits: an indicator that is one of them hits bystanders. */

/** Below these anybody gets a name of their own. Those with one label need no list. */
const sharedSuffixes = new Set(
  (
    "co.uk org.uk ac.uk gov.uk me.uk com.au net.au org.au gov.au co.nz co.jp ne.jp or.jp go.jp com.br net.br org.br com.cn net.cn org.cn " +
    "gov.cn com.tr com.mx com.ar co.in net.in org.in gov.in co.za co.kr or.kr com.sg com.hk com.tw com.my co.id or.id co.th com.vn com.ua " +
    "com.pl net.pl co.il com.sa com.eg com.ng co.ke com.pk com.ph com.co com.pe com.ve com.ec " +
    "github.io gitlab.io pages.dev workers.dev web.app firebaseapp.com netlify.app vercel.app herokuapp.com azurewebsites.net " +
    "cloudapp.net cloudapp.azure.com blob.core.windows.net cloudfront.net s3.amazonaws.com amazonaws.com elasticbeanstalk.com " +
    "appspot.com run.app googleusercontent.com blogspot.com wordpress.com weebly.com wixsite.com myshopify.com r2.dev " +
    "ngrok.io ngrok-free.app trycloudflare.com duckdns.org ddns.net no-ip.org hopto.org zapto.org sytes.net dyndns.org"
  ).split(" "),
);

const popularNames = new Set(
  (
    "google.com youtube.com facebook.com instagram.com whatsapp.com x.com twitter.com wikipedia.org yahoo.com reddit.com amazon.com " +
    "tiktok.com linkedin.com netflix.com office.com microsoft.com live.com bing.com outlook.com microsoftonline.com windows.com " +
    "windowsupdate.com apple.com icloud.com github.com githubusercontent.com gitlab.com bitbucket.org stackoverflow.com mozilla.org " +
    "firefox.com cloudflare.com akamai.net akamaiedge.net fastly.net gstatic.com googleapis.com doubleclick.net " +
    "googletagmanager.com google-analytics.com gmail.com dropbox.com box.com zoom.us slack.com discord.com telegram.org t.me paypal.com " +
    "ebay.com adobe.com oracle.com salesforce.com wordpress.org pinterest.com twitch.tv spotify.com bbc.co.uk cnn.com nytimes.com " +
    "baidu.com qq.com taobao.com yandex.ru vk.com mail.ru ubuntu.com debian.org kernel.org python.org npmjs.com npmjs.org pypi.org " +
    "docker.com docker.io digicert.com letsencrypt.org verisign.com admin.ch swisscom.ch post.ch sbb.ch google.ch onedrive.com " +
    "sharepoint.com drive.google.com docs.google.com pastebin.com archive.org w3.org iana.org icann.org example.com"
  ).split(" "),
);

/** As host keys have them: labels from the last to the first, a space between two. */
function keysOf(names: ReadonlySet<string>): Set<string> {
  return new Set([...names].map((name) => name.split(".").reverse().join(" ")));
}

const sharedKeys = keysOf(sharedSuffixes);
const popularKeys = new Set([...keysOf(popularNames)].flatMap((key) => [key, `${key} www`]));
/** No key of two labels or more that is longer is in either list. */
export const listedKeyBytesMax = Math.max(...[...sharedKeys, ...popularKeys].map(({ length }) => length));

/** A top-level domain, or a name below which strangers have theirs: the key of a name without a star. */
export function isSharedSuffix(key: string): boolean {
  return !key.includes(" ") || sharedKeys.has(key);
}

/** The key of a name that everybody visits, perhaps with `www` in front of it. */
export function isPopularName(key: string): boolean {
  return popularKeys.has(key);
}
