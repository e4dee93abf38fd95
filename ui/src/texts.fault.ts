// Words for what keeps a page of a proxied tab from being shown: what happened, who can do
// something about it, and what.
import type { CertificateFlaw } from "./messages/CertificateFlaw";
import type { Failure } from "./messages/Failure";
import type { PageFault } from "./messages/PageFault";
import { isOverrulable } from "./problem";

interface Words {
  title: string;
  body: string;
  remedy: string;
}

/** The host of an address, for a sentence. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

export function pageFault(fault: PageFault, host: string): Words {
  switch (fault.cause) {
    case "way":
      return way(fault.failure, host);
    case "unsafe_port":
      return {
        title: "Browsers open no page at this port",
        body: `The way to ${host} ends at a port of another kind of service, mail for instance, which could take a page's request for an order. Neither mode opens it.`,
        remedy:
          "Look for a slip in the port of the address. If the server is your own, let it use another port.",
      };
    case "encryption":
      return {
        title: `No encryption could be agreed on with ${host}`,
        body: "What came back is not the beginning of an encrypted connection, or only of a kind that nobody should use any more.",
        remedy:
          "If the server is your own and does not encrypt, type http:// before its address. Otherwise its owner has to mend it.",
      };
    case "redirect_loop":
      return {
        title: `${host} leads in circles`,
        body: "The site sends from one address to the next and never to a page.",
        remedy: "Try it in the other mode. If it stays so, the site's owner has to mend it.",
      };
    case "bad_redirect":
      return {
        title: `${host} sends to where no site may send`,
        body: "Instead of a page, the site gave an address that is none, or one that only you may open.",
        remedy: "Look for a slip in the address. If it stays so, the site's owner has to mend it.",
      };
    case "empty":
      return {
        title: `${host} gives an error and no page`,
        body: emptyAnswer(fault.status),
        remedy: "Look for a slip in the address, or try again in a moment.",
      };
    case "no_file":
      return {
        title: "This file cannot be opened",
        body: "There is no such file, or it may not be read.",
        remedy: "Look for a slip in the path.",
      };
    case "scheme":
      return {
        title: "This mode does not open such addresses",
        body: "Proxy tabs open pages of the web and files.",
        remedy: "Try it in the other mode, or change the address.",
      };
    case "certificate":
      return {
        title: `${host} cannot prove who it is`,
        body: `${fault.flaws.map(flaw).join(" ")} So nobody can say who would read what you send there, and the connection was not made.`,
        remedy: !isOverrulable(fault)
          ? "The site's owner has to mend this. On a network with a login page, log in there first; and see that this machine's clock is right."
          : "The site's owner has to mend this. On a network with a login page, log in there first; and see that this machine's clock is right. If the machine is your own, as a router is that has made its certificate itself, open it all the same: what it shows now is taken for its own until Duotab is closed.",
      };
  }
}

function emptyAnswer(status: number | null): string {
  if (status === null) return "The server answered that it cannot show this, and said no more.";
  if (status === 404 || status === 410) {
    return `There is nothing at this address (HTTP ${status}), the server says, and no more.`;
  }
  if (status === 401 || status === 403) {
    return `The server does not let you in (HTTP ${status}), and said no more.`;
  }
  if (status === 429 || status === 503) {
    return `The server is too busy now (HTTP ${status}), and said no more.`;
  }
  return status < 500
    ? `The server does not take what it was asked (HTTP ${status}), and said no more.`
    : `Something is wrong with the server (HTTP ${status}), and it said no more.`;
}

function flaw(flaw: CertificateFlaw): string {
  switch (flaw) {
    case "revoked":
      return "Its certificate was taken back by its issuer.";
    case "wrong_name":
      return "Its certificate is for another name.";
    case "unknown_issuer":
      return "Nobody whom this machine trusts has issued its certificate.";
    case "expired":
      return "Its certificate has expired.";
    case "not_yet_valid":
      return "Its certificate is not valid yet.";
    case "wrong_time":
      return "Its certificate has expired, or is not valid yet.";
    case "weak":
      return "Its certificate is of a kind that can be forged.";
    case "other":
      return "Its certificate is not in order.";
  }
}

function way(failure: Failure, host: string): Words {
  const again = "Try again in a moment. If it stays so, the site's owner has to mend it.";
  switch (failure) {
    case "private_address":
      return {
        title: "A page asked for your own network",
        body: `${host} is an address of this machine or of your home network, and you did not type it. Pages must not reach for such addresses behind your back, so Duotab did not open it.`,
        remedy: "If you know what is there, open it all the same.",
      };
    case "private_name":
      return {
        title: `${host} leads into your own network`,
        body: "The name is a public one, but the only address behind it is of this machine or of a private network. That is how a site gets at a router or a printer, so Duotab did not open it.",
        remedy:
          "If the machine is your own, open it all the same: this profile then trusts the name to lead there, until you say otherwise behind the sign before the address.",
      };
    case "blocked":
      return {
        title: `${host} is on a block list`,
        body: "This profile blocks hosts of ads and trackers (Settings, Network), and this is one of them by the lists that you use.",
        remedy:
          "If you want to see it, open it all the same: it is not blocked again until Duotab is closed.",
      };
    case "own_port":
      return {
        title: "This is a door of Duotab itself",
        body: `At ${host} Duotab listens for its own windows. No page is let in there.`,
        remedy: "Look for a slip in the port of the address.",
      };
    case "bad_request":
      return {
        title: "This page cannot be opened",
        body: `What was asked of ${host} is not a request that can be sent.`,
        remedy: "Look for a slip in the address, or open it in the other mode.",
      };
    case "too_many_connections":
      return {
        title: "Too many connections",
        body: "The open tabs use all connections that Duotab serves at the same time.",
        remedy: "Close a tab or two and try again.",
      };
    case "name_unknown":
      return {
        title: `There is no ${host}`,
        body: "No server has this name.",
        remedy: "Look for a slip in the address.",
      };
    case "name_server_silent":
      return {
        title: "Names cannot be looked up now",
        body: `The name server that should know ${host} does not answer. The site may be well.`,
        remedy: "See that you are online, then try again.",
      };
    case "connection_refused":
      return {
        title: `Nobody answers at ${host}`,
        body: "The machine is there, but nothing listens at this port.",
        remedy: "See that the server runs and that the port is right, then try again.",
      };
    case "unreachable":
      return {
        title: `There is no way to ${host}`,
        body: "Your network knows no way to this machine now.",
        remedy: "See that you are online, then try again.",
      };
    case "connection_timed_out":
      return {
        title: `${host} does not answer`,
        body: "The machine did not react to any attempt to connect.",
        remedy: again,
      };
    case "exit_failed":
      return {
        title: "The way out of this profile does not work",
        body: `All connections of this profile go by the proxy or the network interface that is set for it, and none led to ${host} that way. The site may be well. Nothing went around it.`,
        remedy: "See that it runs, and what Settings, Network say of it, then try again.",
      };
    case "exit_login":
      return {
        title: "The proxy of this profile does not let it in",
        body: "All connections of this profile go by the proxy that is set for it. It lets in only who logs in, and the login that is set is not one that it accepts, or there is none. The site may be well. Nothing went around the proxy.",
        remedy:
          "See that the user and the password in Settings, Network are right, then try again. Other ways to log in than by a password cannot be used.",
      };
    case "bad_answer":
      return {
        title: `${host} gives an answer that cannot be read`,
        body: "What came back is not what a web server sends.",
        remedy: "See that the port is right; other kinds of servers answer like this.",
      };
    case "closed_early":
      return {
        title: `${host} hung up`,
        body: "The site closed the connection before it gave an answer.",
        remedy: again,
      };
    case "answer_timed_out":
      return {
        title: `${host} took too long`,
        body: "The site took the request and gave no answer for five minutes.",
        remedy: again,
      };
    case "proxy_down":
      return {
        title: "Proxy tabs cannot load anything",
        body: "Duotab's own local proxy could not be started, and nothing goes around it.",
        remedy: "Start Duotab again, or open the page in Streamed mode.",
      };
  }
}
