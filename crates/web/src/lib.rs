//! The live page: HTTP, the live socket and the embedded user interface.
