//! What the settings say about the network of Proxy tabs.
import type { ExitKind } from "./messages/ExitKind";
import type { ListFault } from "./messages/ListFault";
import type { ListView } from "./messages/ListView";
import type { NamesKind } from "./messages/NamesKind";
import type { NetworkFault } from "./messages/NetworkFault";

export const networkTexts = {
  title: "Network",
  lead: "How the Proxy tabs of each profile reach the Internet. Streamed tabs use this machine's own network. A change holds at once, for open tabs too: what was being loaded is cut off, so reload a page that stopped.",
  of: (title: string) => `Network of ${title}`,
  save: "Save",
  keep: "Cancel",
  saved: "Saved. Open tabs use it from now on.",

  exit: "Connect",
  exits: {
    direct: "Directly",
    http: "Through an HTTP proxy",
    socks5: "Through a SOCKS5 proxy",
    interface: "By one network interface",
  } satisfies Record<ExitKind, string>,
  exitAt: (exit: ExitKind) =>
    exit === "interface" ? "Name of the network interface" : "Proxy, with its port",
  exitLogin: "Log in as",
  exitPassword: "Password for the proxy",
  user: "User, if it asks",
  password: "Password",
  passwordKept: "Password is saved",
  passwordDrop: "Forget the password",
  passwordDropped: "The proxy will be told the user's name alone.",
  passwordAgain: "The saved password belongs to another user or proxy: enter it again.",
  exitExample: {
    direct: "",
    http: "proxy.example:3128",
    socks5: "127.0.0.1:1080",
    interface: "wg0",
  } satisfies Record<ExitKind, string>,
  exitText: {
    direct: null,
    http: "If the proxy fails, pages say so; nothing goes around it. This machine and the home network are still reached from here.",
    interface:
      "A WireGuard tunnel is such an interface. While it is down, pages say so; nothing goes around it. Names are looked up as chosen below, by the ordinary way. This machine and the home network are still reached from here.",
    socks5:
      "Tor and ssh -D are such proxies. If the proxy fails, pages say so; nothing goes around it. This machine and the home network are still reached from here.",
  } satisfies Record<ExitKind, string | null>,

  blocking: "Block ads and trackers",
  blockingText:
    "What is on the block lists below is not loaded in Proxy tabs, and the gaps that it leaves are closed. A page on a blocked host says so, and can be opened all the same. A site can be excepted in the bar behind the sign before its address.",

  lists: {
    title: "Block lists",
    lead: "Lists of hosts, in the syntax of ad blockers or of a hosts file. They are fetched from these addresses by the way out of your first profile, and once a day again, while a profile blocks.",
    idle: "Not in use: no profile blocks.",
    facts: (list: ListView, nowMs: number): string => {
      if (list.fetching) return "Fetching…";
      if (list.rules === null || list.fetched === null) return "Not fetched yet.";
      const hosts = list.rules === 1 ? "1 host" : `${list.rules.toLocaleString("en")} hosts`;
      return `${hosts}, fetched ${age(nowMs / 1000 - list.fetched)}.`;
    },
    add: "Add list",
    address: "Address of another list",
    remove: (url: string) => `Remove ${url}`,
    fetch: "Update now",
  },

  names: "Look up names",
  namesKinds: {
    system: "As this machine does",
    https: "Encrypted, over HTTPS",
    tls: "Encrypted, over TLS",
    exit: "At the proxy",
  } satisfies Record<NamesKind, string>,
  namesAt: "Name server",
  namesExample: {
    system: "",
    https: "https://dns.example/dns-query",
    tls: "dns.example",
    exit: "",
  } satisfies Record<NamesKind, string>,
  namesText: {
    system: null,
    https:
      "Your network does not see which names are looked up, the name server does. It is asked from here, not through the proxy. Names of the home network are still this machine's to know.",
    tls: "Your network does not see which names are looked up, the name server does. It is asked from here, not through the proxy. Names of the home network are still this machine's to know.",
    exit: "Your network does not see which names are looked up. Whether a name leads into a private network is then up to the proxy.",
  } satisfies Record<NamesKind, string | null>,
};

function age(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  if (hours < 1) return "within the last hour";
  if (hours < 48) return hours === 1 ? "an hour ago" : `${hours} hours ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

/** Why a list was not fetched, and what to do. */
export function listFault(fault: ListFault, inUse: boolean): string {
  const before = inUse ? " What was fetched before stays in use." : "";
  switch (fault.cause) {
    case "unreachable":
      return `It could not be fetched: ${fault.detail}. See that the address is right and the network is there, then update.${before}`;
    case "refused":
      return `Its server answered with HTTP ${fault.status}. See whether the address is still right.${before}`;
    case "too_large":
      return `It has more than ${Math.floor(fault.limit / 1048576)} MB, which no list has. See whether the address is right.${before}`;
    case "not_a_list":
      return `There is no host in it that could be blocked. See whether the address is one of a block list.${before}`;
    case "engine_refused":
      return `The web engine cannot use what it says about parts of pages: ${fault.detail}. Its hosts are blocked all the same.`;
    case "disk_failed":
      return `${fault.path} cannot be used: ${fault.detail}.${before}`;
  }
}

/** Where a fault is, so that it can stand there. */
export function isAboutExit(fault: NetworkFault): boolean {
  return fault.startsWith("exit_");
}

/** Whether it is about whom the proxy is to know. */
export function isAboutLogin(fault: NetworkFault): boolean {
  return fault.startsWith("exit_login");
}

/** What is wrong with what was filled in, and what to do. */
export function networkFault(fault: NetworkFault): string {
  switch (fault) {
    case "exit_missing":
      return "Say which proxy: its name or address, and its port.";
    case "exit_port_missing":
      return "The port is missing: put a colon and the number behind the name, as in proxy.example:3128.";
    case "exit_login_user":
      return "Say whose password this is: the user's name.";
    case "exit_login_malformed":
      return "The proxy cannot be told these: a user has no colon, and neither the user nor the password has line breaks or more than 255 bytes.";
    case "exit_kind":
      return "This is the address of another kind of proxy than was chosen above.";
    case "exit_interface_missing":
      return "Say which network interface: its name, as in wg0. The command ip link lists them.";
    case "exit_interface_malformed":
      return "No network interface can have this name. The command ip link lists those that are there.";
    case "exit_malformed":
      return "This is no name or address with a port, as in proxy.example:3128.";
    case "names_missing":
      return "Say which name server: its name or its address.";
    case "names_malformed":
      return "This is no name or address of a name server, as in dns.example or 192.0.2.1.";
    case "names_without_exit":
      return "There is no proxy to look up names. Choose one above, or another way to look up names.";
  }
}

/** A fault where there is no form to show it in. */
export function badNetwork(fault: NetworkFault): { title: string; body: string; remedy: string } {
  return {
    title: "The network settings were not saved",
    body: networkFault(fault),
    remedy: "Correct it in the settings, under Network.",
  };
}
