//! A profile that leaves by a proxy which it logs in to.
import { profileOf } from "../src/state.mock";

export const LOGGED_IN = profileOf("default", {
  title: "Default",
  lasting: true,
  network: {
    exit: "socks5",
    exit_at: "proxy.example:1080",
    exit_user: "anna",
    exit_password: null,
    names: "exit",
    names_at: "",
    blocking: false,
  },
});
