//! The page with scripted states and no app behind it: for looking at, and for screenshots.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte({ configFile: "../svelte.config.js" })],
  clearScreen: false,
  cacheDir: "../../node_modules/.vite-preview",
  base: "./",
  build: {
    outDir: "../dist-preview",
    emptyOutDir: true,
    target: "safari18",
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  server: { host: "127.0.0.1", port: 5174, strictPort: true },
});
