"""The whole product from outside: real Chromium on a phone's screen, a real server, broker and worker."""
