import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** WebKitGTK 2.50 is the engine on Linux; nothing older is aimed at. */
const target = "safari18";

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  cacheDir: "../node_modules/.vite",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target,
    // Small files inlined as data: URLs would only widen the content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
