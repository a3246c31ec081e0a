/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `peony demo` listens, for `npm run dev`. Its server refuses foreign hosts and origins, so the proxy rewrites both.
const program = process.env["PEONY_URL"] ?? "http://127.0.0.1:8686";

const proxy = {
  "/api": { target: program, changeOrigin: true, headers: { origin: program } },
  "/dicomweb": { target: program, changeOrigin: true, headers: { origin: program } },
  "/live": { target: program, changeOrigin: true, ws: true, rewriteWsOrigin: true },
  "/capture": { target: program, changeOrigin: true, ws: true, rewriteWsOrigin: true },
};

export default defineConfig({
  plugins: [react()],
  build: {
    // The build is committed and compared: nothing in it may depend on the machine or the hour.
    target: "es2022",
    sourcemap: false,
    reportCompressedSize: false,
    // The page's Content-Security-Policy allows no inline script, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy },
  preview: { proxy },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
